import type { Cells, Table, TableColumn } from '../data/table/table.ts';

/** A column of more values than this is not taken for a copy of the label. */
const MOST_VALUES = 50;
const LEAST_ROWS = 20;

type Found = Map<string | number, string | number>;

/** Whether a column's values go on to tell the label; drops it from what is looked at where they do not. */
function consistent(found: Found, cells: Cells, labels: Cells, rows: number): boolean {
  for (let row = 0; row < rows; row++) {
    const [value, label] = [cells[row]!, labels[row]!];
    if (label === '' || Number.isNaN(label) || value === '' || Number.isNaN(value)) continue;
    const before = found.get(value);
    if (before === undefined) found.set(value, label);
    else if (before !== label) return false;
    if (found.size > MOST_VALUES) return false;
  }
  return true;
}

const labelled = (labels: Cells): number =>
  Array.from(labels as ArrayLike<string | number>).filter((each) => each !== '' && !Number.isNaN(each))
    .length;

/** Warnings of columns from whose value alone the label follows in every labelled row: they are probably copies of it. */
export async function leaks(
  table: Table,
  labelColumn: string,
  features: readonly TableColumn[],
): Promise<readonly string[]> {
  const suspects = new Map<string, Found>(features.map(({ name }) => [name, new Map()]));
  let rows = 0;
  for await (const { columns, rows: more } of table.chunks()) {
    rows += labelled(columns[labelColumn]!);
    for (const [name, found] of suspects)
      if (!consistent(found, columns[name]!, columns[labelColumn]!, more)) suspects.delete(name);
    if (suspects.size === 0) return [];
  }
  if (rows < LEAST_ROWS) return [];
  return [...suspects]
    .filter(([, found]) => new Set(found.values()).size > 1)
    .map(
      ([name]) =>
        `column '${name}' alone tells the label in every labelled row: is it a copy of it? Ignore it by data.columns.`,
    );
}
