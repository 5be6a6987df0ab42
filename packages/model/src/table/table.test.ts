import { type Feeds, input, interpret, textsOf as textsIn, textTensor } from '@semivae/graph';
import { describe, expect, test } from 'vitest';
import {
  type Cells,
  encodedByHand,
  layout,
  manyRows,
  numbers,
  numbersOf,
  table,
  texts,
  textsOf,
} from '../../test/table.ts';
import { isText, rawOrder, type TableColumns, usedColumns } from './columns.ts';
import { decodeTable } from './decode.ts';
import { encodeTable, rawTable } from './encode.ts';
import { layoutOf } from './layout.ts';

const feedsOf = (rows: readonly Cells[]) => ({
  numbers: { shape: [rows.length, numbers.length], data: numbersOf(rows) },
  texts: textTensor([rows.length, texts.length], textsOf(rows)),
});

function encoded(rows: readonly Cells[]): number[][] {
  const [x] = interpret([encodeTable(table, rawTable(table, rows.length))], feedsOf(rows));
  return rows.map((_, row) => Array.from(x!.data.subarray(row * layout.size, (row + 1) * layout.size)));
}

/** Features as raw cells. */
function decoded(features: readonly (readonly number[])[]): Cells[] {
  const shape = [features.length, layout.features.length];
  const raw = decodeTable(table, input('features', shape));
  const fed = { shape, data: Float64Array.from(features.flat()) };
  const [cells, words] = interpret([raw.numbers!, raw.texts!], { features: fed });
  const read = textsIn(words!);
  return features.map((_, row) => ({
    ...Object.fromEntries(numbers.map((name, i) => [name, cells!.data[row * numbers.length + i]!])),
    ...Object.fromEntries(texts.map((name, i) => [name, read[row * texts.length + i]!])),
  }));
}

const rows = manyRows(120);

describe('the layout', () => {
  test('of raw tensors is that of the columns that are used', () => {
    expect(rawOrder(table)).toEqual({ numbers, texts });
    expect(usedColumns(table).filter(isText)).toHaveLength(texts.length);
  });

  test('has every part of every column once, and every likelihood in one run', () => {
    const parts = (name: string) => {
      const column = layout.columns.findIndex((each) => each.name === name);
      return layout.features.filter((place) => place.column === column).map(({ part }) => part);
    };
    expect(parts('when')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(parts('shift')).toEqual([0, 1, 2, 3]);
    expect(parts('colour')).toEqual([0, 1, 2]);
    expect(parts('spent')).toEqual([0, 1]);
    expect(parts('member')).toEqual([0]);
    const kinds = layout.features.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1]);
    expect(kinds).toEqual([...new Set(kinds)]);
    expect(layout.size).toBe(layout.features.length + layout.columns.length);
  });

  test('has blocks that follow each other, one for each likelihood and for each column of levels', () => {
    const [first, ...others] = layout.blocks;
    expect(first!.start).toBe(0);
    others.forEach(({ start }, i) => expect(start).toBe(layout.blocks[i]!.end));
    expect(layout.blocks.at(-1)!.end).toBe(layout.features.length);
    for (const { kind, start, end, columns } of layout.blocks) {
      const own = layout.features.slice(start, end);
      expect(own.every((place) => place.kind === kind)).toBe(true);
      expect(own.map(({ column }) => column)).toEqual(columns);
      if (kind === 'categorical') expect(new Set(columns).size).toBe(1);
    }
  });

  test('tells features that are made of others', () => {
    const derived = layout.features.filter((place) => place.derived);
    expect(derived.map(({ column, part }) => [layout.columns[column]!.name, part])).toEqual([
      ['spent', 1],
      ['owed', 1],
    ]);
  });
});

describe('encoding', () => {
  test('is as the definitions say, of ordinary, missing, unseen, tiny and huge cells', () => {
    encoded(rows).forEach((found, i) => {
      const expected = encodedByHand(rows[i]!);
      const message = JSON.stringify(rows[i]);
      expect(found.every(Number.isFinite), message).toBe(true);
      found.forEach((each, at) => expect(each, `${message}, ${at}`).toBeCloseTo(expected[at]!, 6));
    });
  });

  test('gives zeros and the flag for what is missing, and for nothing else', () => {
    const nothing = Object.fromEntries([...numbers, ...texts].map((name) => [name, null]));
    const [row] = encoded([nothing]);
    expect(row!.slice(0, layout.features.length).every((each) => each === 0)).toBe(true);
    expect(row!.slice(layout.features.length)).toEqual(layout.columns.map(() => 1));
    expect(rows.some((each) => Object.values(each).every((cell) => cell !== null))).toBe(true);
  });

  test('tells every level of every column apart, and puts others in one last place', () => {
    const levels = ['red', 'green', 'mauve', 'never seen', 'Red'];
    const found = encoded(levels.map((colour) => ({ ...rows[0]!, colour })));
    const column = layout.columns.findIndex(({ name }) => name === 'colour');
    const at = layout.features.flatMap((place, i) => (place.column === column ? [i] : []));
    expect(found.map((row) => at.map((i) => row[i]))).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });

  test.each([1, 2, 7])('a row is the same in a batch of %i', (size) => {
    const alone = rows.slice(0, 7).map((row) => encoded([row])[0]);
    for (let start = 0; start + size <= 7; start += size)
      expect(encoded(rows.slice(start, start + size))).toEqual(alone.slice(start, start + size));
  });

  test.each(usedColumns(table).map((column) => [column.name, column] as const))(
    'a table of %s alone is its part of all',
    (name, column) => {
      const only: TableColumns = { kind: 'table', columns: [column] };
      const own = layoutOf(only);
      const shape = [rows.length, 1];
      const cells = rows.map((row) => row[name]);
      const fed: Feeds = isText(column)
        ? {
            texts: textTensor(
              shape,
              cells.map((each) => (each ?? '') as string),
            ),
          }
        : { numbers: { shape, data: Float64Array.from(cells, (each) => (each ?? Number.NaN) as number) } };
      const [x] = interpret([encodeTable(only, rawTable(only, rows.length))], fed);
      const at = layout.columns.findIndex((each) => each.name === name);
      const places = own.features.map(({ part }) =>
        layout.features.findIndex((place) => place.column === at && place.part === part),
      );
      const expected = encoded(rows).flatMap((row) => [
        ...places.map((i) => row[i]!),
        row[layout.features.length + at]!,
      ]);
      expect(Array.from(x!.data)).toEqual(expected);
    },
  );
});

describe('decoding', () => {
  /** Whether a cell comes back: it is there, has a name where its column has, and is not held at the limit. */
  function survives(name: string, cell: Cells[string], features: readonly number[]): boolean {
    if (cell === null || cell === undefined) return false;
    const at = layout.columns.findIndex((each) => each.name === name);
    const column = layout.columns[at]!;
    if ('levels' in column) return (column.levels as readonly unknown[]).includes(cell);
    if (column.kind === 'count' && (cell as number) < 0) return false;
    if (column.kind === 'timestamp' && column.parts) return false;
    const last = column.kind === 'timestamp' ? 6 : 0;
    const feature = layout.features.findIndex((place) => place.column === at && place.part === last);
    return Math.abs(features[feature]!) < 30;
  }

  test('gives back every cell that survives encoding', () => {
    const features = encoded(rows).map((row) => row.slice(0, layout.features.length));
    let survivors = 0;
    decoded(features).forEach((found, i) =>
      Object.entries(rows[i]!).forEach(([name, cell]) => {
        if (!survives(name, cell, features[i]!)) return;
        survivors++;
        if (typeof cell === 'string') expect(found[name], name).toBe(cell);
        else {
          const gap = Math.abs((found[name] as number) - cell!) / Math.max(1, Math.abs(cell!));
          expect(gap, `${name}: ${found[name]}, not ${cell}`).toBeLessThan(1e-9);
        }
      }),
    );
    expect(survivors).toBeGreaterThan(rows.length * 6);
  });

  test('of a moment without its trend gives the time of day and the weekday, in one week', () => {
    const features = encoded(rows).map((row) => row.slice(0, layout.features.length));
    const week = 7 * 86_400_000;
    const inWeek = (moment: number) => ((moment % week) + week) % week;
    decoded(features).forEach(({ shift }, i) => {
      const cell = rows[i]!.shift;
      if (cell === null) return;
      expect(Math.abs(inWeek(shift as number) - inWeek(cell as number))).toBeLessThanOrEqual(300_000 + 1);
      expect(Math.abs((shift as number) - 1.7e12)).toBeLessThan(week);
    });
  });

  test.each([-1e9, -30, 0, 30, 1e9])('gives cells of their columns, all features being %d', (each) => {
    const [found] = decoded([layout.features.map(() => each)]);
    for (const name of numbers) expect(found![name], name).toSatisfy(Number.isFinite);
    expect([1, 2]).toContain(found!.member);
    expect([10, 20, 30]).toContain(found!.grade);
    expect(['red', 'green']).toContain(found!.colour);
    expect(found!.visits).toBeGreaterThanOrEqual(0);
  });
});
