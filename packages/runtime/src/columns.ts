import { cellOf, cellPlace, isMissing, levelsByRaw, numberOf, type Row, textOf } from './cells.ts';
import { columnsIn, usedColumns } from './contract.ts';
import { ColumnMissing, InputKind, InputNotFinite, InputShape, InputType } from './errors.ts';
import type { Outputs } from './heads.ts';
import type { Rows } from './inputs.ts';
import type { InputColumn } from './manifest.ts';

/** A column of raw cells for each name: numbers, NaN where missing and timestamps as milliseconds; or texts, empty where missing. */
export type Columns = Readonly<Record<string, Float64Array | readonly string[]>>;

/** The raw tensors of a table, row-major; one that no column is in is left out. */
export interface RawTensors {
  readonly numbers?: Float64Array;
  readonly texts?: readonly string[];
}

/** The cells of rows, by column. Throws INPUT_KIND, COLUMN_MISSING, INPUT_TYPE, INPUT_NOT_FINITE. */
export function columnsOfRows(rows: unknown, columns: readonly InputColumn[]): Columns {
  const list = checkedRows(rows, columns);
  const cells = (column: InputColumn) => {
    if (column.tensor === 'texts') {
      return list.map((row, i) => textOf(given(row, column.name, i), column, i));
    }
    return Float64Array.from(list, (row, i) => numberOf(given(row, column.name, i), column, i));
  };
  return Object.fromEntries(usedColumns(columns).map((column) => [column.name, cells(column)]));
}

function checkedRows(rows: unknown, columns: readonly InputColumn[]): readonly Row[] {
  const wrong = Array.isArray(rows) ? rows.findIndex((row) => !isRow(row)) : 0;
  if (Array.isArray(rows) && wrong < 0) return rows;
  const names = usedColumns(columns).map(({ name }) => JSON.stringify(name));
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const remedy = `Give a list of rows, objects that have a cell for each column: ${shown.join(', ')}.`;
  throw new InputKind(`row ${wrong}`, 'no row of a table, which this model takes', remedy);
}

function isRow(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row);
}

function given(row: Row, name: string, i: number): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  throw new ColumnMissing(cellPlace(i, name), 'Give null for a missing cell.');
}

/** Columns side by side in their tensors. Throws COLUMN_MISSING, INPUT_SHAPE, INPUT_TYPE, INPUT_NOT_FINITE. */
export function rawTensors(given: Columns, columns: readonly InputColumn[]): Rows<RawTensors> {
  const rows = lengthOf(given, usedColumns(columns));
  const numbers = columnsIn(columns, 'numbers');
  const texts = columnsIn(columns, 'texts');
  const data = {
    ...(numbers.length > 0 && { numbers: interleavedNumbers(given, numbers, rows) }),
    ...(texts.length > 0 && { texts: interleavedTexts(given, texts, rows) }),
  };
  return { rows, data };
}

/** The length that all columns have. */
function lengthOf(given: Columns, used: readonly InputColumn[]): number {
  const length = checkedColumn(given, used[0]!).length;
  for (const column of used) {
    const found = checkedColumn(given, column).length;
    if (found === length) continue;
    const problem = `${found} cells, but column ${JSON.stringify(used[0]!.name)} has ${length}`;
    throw new InputShape(columnPlace(column), problem, 'Give columns of one length.');
  }
  return length;
}

function checkedColumn(given: Columns, column: InputColumn): Float64Array | readonly string[] {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, column.name)) {
    throw new ColumnMissing(columnPlace(column), 'Give it, with NaN or an empty text for each missing cell.');
  }
  const cells = given[column.name]!;
  if (column.tensor === 'texts' ? Array.isArray(cells) : cells instanceof Float64Array) return cells;
  const remedy = column.tensor === 'texts' ? 'Give an array of texts.' : 'Give a Float64Array.';
  throw new InputType(columnPlace(column), 'it is not the array that the column takes', remedy);
}

function columnPlace({ name }: InputColumn): string {
  return `column ${JSON.stringify(name)}`;
}

function interleavedNumbers(given: Columns, columns: readonly InputColumn[], rows: number): Float64Array {
  const size = columns.length;
  const data = new Float64Array(rows * size);
  columns.forEach(({ name }, column) => {
    const cells = given[name] as Float64Array;
    for (let row = 0; row < rows; row++) {
      const cell = cells[row]!;
      if (cell === Infinity || cell === -Infinity) throw new InputNotFinite(cellPlace(row, name), cell);
      data[row * size + column] = cell;
    }
  });
  return data;
}

function interleavedTexts(given: Columns, columns: readonly InputColumn[], rows: number): string[] {
  const size = columns.length;
  const data = new Array<string>(rows * size).fill('');
  columns.forEach(({ name }, column) => {
    const cells = given[name] as readonly string[];
    for (let row = 0; row < rows; row++) {
      const cell = cells[row]!;
      if (typeof cell !== 'string' || cell.includes('\0')) refuseText(cell, row, name);
      data[row * size + column] = cell;
    }
  });
  return data;
}

/** ONNX Runtime would cut a text at a null character, without a word, and take it for another. */
function refuseText(cell: unknown, row: number, name: string): never {
  const problem =
    typeof cell === 'string' ? 'it holds a null character' : `a value of type ${typeof cell} is no text`;
  throw new InputType(cellPlace(row, name), problem, 'Give texts without one, empty for a missing cell.');
}

/** 1 for each cell whose value is no level of its column, [rows, used columns]; a missing cell is none such. */
export function unseenCells(given: Columns, columns: readonly InputColumn[], rows: number): Uint8Array {
  const used = usedColumns(columns);
  const unseen = new Uint8Array(rows * used.length);
  used.forEach((column, at) => {
    const levels = levelsByRaw(column);
    if (!levels) return;
    const cells = given[column.name]!;
    for (let row = 0; row < rows; row++) {
      const cell = cells[row]!;
      if (!levels.has(cell) && !isMissing(cell)) unseen[row * used.length + at] = 1;
    }
  });
  return unseen;
}

/** What decoder and imputer give. */
export type CellOutputs = Partial<Outputs<'cells/numbers' | 'cells/texts'>>;

/** Which of them a table has. */
export function cellOutputs(columns: readonly InputColumn[]): ('cells/numbers' | 'cells/texts')[] {
  const has = (tensor: 'numbers' | 'texts') => columnsIn(columns, tensor).length > 0;
  return [
    ...(has('numbers') ? ['cells/numbers' as const] : []),
    ...(has('texts') ? ['cells/texts' as const] : []),
  ];
}

/** Row-major cells as columns. */
export function columnsOfCells(cells: CellOutputs, columns: readonly InputColumn[], rows: number): Columns {
  const column = ({ name, tensor }: InputColumn): [string, Float64Array | string[]] => {
    const peers = columnsIn(columns, tensor!);
    const at = peers.findIndex((peer) => peer.name === name);
    const pick = (row: number) => row * peers.length + at;
    if (tensor === 'texts') {
      const texts = cells['cells/texts']!;
      return [name, Array.from({ length: rows }, (_, row) => texts[pick(row)]!)];
    }
    const numbers = cells['cells/numbers']!;
    return [name, new Float64Array(rows).map((_, row) => numbers[pick(row)]!)];
  };
  return Object.fromEntries(usedColumns(columns).map(column));
}

/** Columns as rows of cells, levels as they were in training. */
export function rowsOfColumns(given: Columns, columns: readonly InputColumn[], rows: number): Row[] {
  const used = usedColumns(columns);
  const names = used.map(({ name }) => name);
  const cells = names.map((name) => given[name]!);
  const levels = used.map(levelsByRaw);
  return Array.from({ length: rows }, (_, row) =>
    recordOf(names, (at) => cellOf(cells[at]![row]!, used[at]!, levels[at])),
  );
}

/**
 * An object with a value for each name. Object.fromEntries takes ten times as long for a row; mere assignment would
 * take a column named `__proto__` for the prototype.
 */
export function recordOf<T>(names: readonly string[], valueAt: (at: number) => T): Record<string, T> {
  const record: Record<string, T> = {};
  names.forEach((name, at) => {
    if (name === '__proto__') Object.defineProperty(record, name, { ...asGiven, value: valueAt(at) });
    else record[name] = valueAt(at);
  });
  return record;
}

const asGiven = { configurable: true, enumerable: true, writable: true } as const;

/** Rows whose missing cells are taken from others; all else stays as it is. */
export function filledRows(rows: readonly Row[], filling: readonly Row[]): Row[] {
  return rows.map((row, i) => {
    const holes = Object.entries(filling[i]!).filter(([name]) => isMissing(row[name]));
    return Object.fromEntries([...Object.entries(row), ...holes]);
  });
}
