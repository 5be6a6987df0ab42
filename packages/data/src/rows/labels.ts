import { RecipeError } from '@semivae/recipe';
import type { Cells, Table } from '../table/table.ts';
import { unlabelledText } from '../unlabelled.ts';

/** The labels of a table's rows: names of classes, and for each row its class, −1 where its cell is empty. */
export interface Labels {
  readonly names: readonly string[];
  readonly of: Int32Array;
  /** What was taken for a label or for none, where a person may have meant something else. */
  readonly notes?: readonly string[];
}

const MOST_CLASSES = 1000;

/** A label as a file writes it: true and false where it holds booleans. */
const textOf = (cells: Cells, row: number, isBoolean: boolean): string => {
  const cell = cells[row]!;
  if (typeof cell === 'string') return cell;
  return Number.isNaN(cell) ? '' : String(isBoolean ? cell !== 0 : cell);
};

const words = new Map([
  ['true', '1'],
  ['false', '0'],
]);

/** Labels as they are compared: 1, 1.0 and true are one. */
export function sameLabel(a: string, b: string): boolean {
  const plain = (text: string) => {
    const word = words.get(text.toLowerCase()) ?? text;
    return word.trim() !== '' && Number.isFinite(Number(word)) ? String(Number(word)) : word;
  };
  return a === b || plain(a) === plain(b);
}

const collator = new Intl.Collator('en', { numeric: true });

/** The same labels, their names in order; what they are must not hang on which came first. */
function inOrder({ names, of }: Labels): Labels {
  const sorted = [...names].sort(collator.compare);
  const place = names.map((name) => sorted.indexOf(name));
  return { names: sorted, of: of.map((label) => (label < 0 ? label : place[label]!)) };
}

function labelError(
  code: string,
  table: Table,
  column: string,
  problem: string,
  remedy: string,
): RecipeError {
  return new RecipeError(code, `${table.place}, column ${column}`, problem, remedy);
}

const withoutMark = (labels: Labels, mark: string | undefined, table: Table, column: string): Labels =>
  mark === undefined ? labels : withoutLabel(labels, mark, table, column).labels;

/** How many rows bear each label. */
function countsOf({ names, of }: Labels): Map<string, number> {
  const counts = new Map(names.map((name) => [name, 0]));
  for (const label of of) if (label >= 0) counts.set(names[label]!, counts.get(names[label]!)! + 1);
  return counts;
}

/** Takes the label out that means none. Throws `LABEL_UNKNOWN`. */
function withUnlabelled(labels: Labels, table: Table, column: string, asked: string | undefined): Labels {
  const place = `${table.place}, column ${column}`;
  const { mark, notes } = unlabelledText(countsOf(labels), table.rows, place, asked);
  return { ...withoutMark(labels, mark, table, column), notes };
}

/**
 * Reads the column of labels; an empty cell means unlabelled, and so does the label `unlabelled`. Throws `LABELS_NONE` where
 * no row has one, `LABELS_MANY` where they are no classes, `LABEL_UNKNOWN`.
 */
export async function readLabels(table: Table, column: string, unlabelled?: string): Promise<Labels> {
  const known = new Map<string, number>();
  const of = new Int32Array(table.rows).fill(-1);
  const isBoolean = table.columns.some(({ name, type }) => name === column && type === 'boolean');
  for await (const { start, rows, columns } of table.chunks([column])) {
    for (let row = 0; row < rows; row++) {
      const text = textOf(columns[column]!, row, isBoolean);
      if (text === '') continue;
      if (!known.has(text)) known.set(text, known.size);
      of[start + row] = known.get(text)!;
    }
    if (known.size > MOST_CLASSES) {
      const remedy = 'Name the column that holds classes, or leave --label-column out.';
      throw labelError(
        'LABELS_MANY',
        table,
        column,
        `it has more than ${MOST_CLASSES} different labels`,
        remedy,
      );
    }
  }
  if (known.size > 0)
    return withUnlabelled(inOrder({ names: [...known.keys()], of }), table, column, unlabelled);
  const remedy = 'Fill some in, or leave --label-column out.';
  throw labelError('LABELS_NONE', table, column, 'no row has a label', remedy);
}

/** Labels with one of them taken out: its rows become unlabelled, and are told. Throws `LABEL_UNKNOWN`. */
export function withoutLabel(
  labels: Labels,
  name: string,
  table: Table,
  column: string,
): { readonly labels: Labels; readonly taken: (row: number) => boolean } {
  const exact = labels.names.indexOf(name);
  const at = exact < 0 ? labels.names.findIndex((each) => sameLabel(each, name)) : exact;
  if (at < 0) {
    const problem = `no row is labelled '${name}'`;
    throw labelError('LABEL_UNKNOWN', table, column, problem, `Its labels are ${labels.names.join(', ')}.`);
  }
  const of = labels.of.map((label) => (label === at ? -1 : label > at ? label - 1 : label));
  const before = labels.of;
  return {
    labels: { names: labels.names.filter((_, i) => i !== at), of },
    taken: (row) => before[row] === at,
  };
}
