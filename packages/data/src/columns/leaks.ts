import type { Cells, Table, TableColumn } from '../table/table.ts';

/** A column of more values than this is not taken for a copy of the label. */
const MOST_VALUES = 50;
/** Nor is one that would tell the labels as well if they were dealt out at random, but for so small a chance. */
const CHANCE = 1e-4;

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

/** How often each label occurs. */
type Counts = Map<string | number, number>;

function count(counts: Counts, labels: Cells): void {
  for (const label of labels)
    if (label !== '' && !Number.isNaN(label)) counts.set(label, (counts.get(label) ?? 0) + 1);
}

function logFactorial(n: number): number {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

/** log of the number of orders that labels can come in: n! / Π n_label!. */
function logOrders(counts: Counts): number {
  const all = [...counts.values()];
  const rows = all.reduce((sum, each) => sum + each, 0);
  return all.reduce((sum, each) => sum - logFactorial(each), logFactorial(rows));
}

/** log of how many of those orders let `values` values tell the label, at most: a label for each. */
const logTelling = (values: number, labels: number): number => values * Math.log(labels);

/** Warnings of columns from whose value alone the label follows in every labelled row: they are probably copies of it. */
export async function leaks(
  table: Table,
  labelColumn: string,
  features: readonly TableColumn[],
): Promise<readonly string[]> {
  const suspects = new Map<string, Found>(features.map(({ name }) => [name, new Map()]));
  const counts: Counts = new Map();
  for await (const { columns, rows } of table.chunks([labelColumn, ...suspects.keys()])) {
    count(counts, columns[labelColumn]!);
    for (const [name, found] of suspects)
      if (!consistent(found, columns[name]!, columns[labelColumn]!, rows)) suspects.delete(name);
    if (suspects.size === 0) return [];
  }
  const orders = logOrders(counts);
  return [...suspects]
    .filter(([, found]) => logTelling(found.size, counts.size) - orders < Math.log(CHANCE))
    .map(
      ([name]) =>
        `column '${name}' alone tells the label in every labelled row: is it a copy of it? Ignore it by data.columns.`,
    );
}
