import { encode, graph } from '@semivae/graph';
import { encodeTable, layoutOf, rawOrder, rawTable, type TableColumns } from '@semivae/model';
import { openSession } from '@semivae/runtime';
import type { Session, Tensors } from '@semivae/runtime/core';
import type { Cells } from '../table/table.ts';

/** Raw cells by column, side by side in the order of the names: [rows, names]. */
function sideBySide<T>(columns: readonly ArrayLike<T>[], rows: number, out: T[] | Float64Array) {
  const all = out as T[];
  columns.forEach((cells, column) => {
    for (let row = 0; row < rows; row++) all[row * columns.length + column] = cells[row]!;
  });
  return out;
}

/** Raw cells as the tensors that a table's graphs take. */
export function rawTensors(
  table: TableColumns,
  cells: Readonly<Record<string, Cells>>,
  rows: number,
): Tensors {
  const { numbers, texts } = rawOrder(table);
  const picked = (names: readonly string[]) => names.map((name) => cells[name]!);
  return {
    ...(numbers.length > 0 && {
      numbers: {
        type: 'float64',
        dims: [rows, numbers.length],
        data: sideBySide(
          picked(numbers) as Float64Array[],
          rows,
          new Float64Array(rows * numbers.length),
        ) as Float64Array,
      },
    }),
    ...(texts.length > 0 && {
      texts: {
        type: 'string',
        dims: [rows, texts.length],
        data: sideBySide(
          picked(texts) as (readonly string[])[],
          rows,
          new Array<string>(rows * texts.length),
        ) as string[],
      },
    }),
  };
}

/** The graph that encodes a table's raw rows, opened: the same that is part of every file that ships. */
export interface Encoder {
  /** Features of an encoded row. */
  readonly width: number;
  encode(cells: Readonly<Record<string, Cells>>, rows: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens the encoding of a table, by ONNX Runtime whatever the engine: it is part of no training step. */
export async function openEncoder(table: TableColumns): Promise<Encoder> {
  const encoding = graph('encoding', { x: encodeTable(table, rawTable(table, 'batch')) });
  const session: Session = await openSession(encode(encoding), {
    place: 'encoding of the table',
    threads: 1,
  });
  return {
    width: layoutOf(table).size,
    async encode(cells, rows) {
      const { x } = await session.run(rawTensors(table, cells, rows));
      return x!.data as Float32Array;
    },
    close: () => session.release(),
  };
}
