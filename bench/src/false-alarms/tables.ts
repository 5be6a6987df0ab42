import { type Cells, memoryTable, type Table, type TableColumn } from '@semivae/data';
import { fillNormal, fillUniform } from '@semivae/runtime';

/** A made-up table whose rows are drawn alike, and how it is split. */
export interface Made {
  readonly table: Table;
  readonly split: Split;
}

/** Rows for training, calibration and judging. */
export interface Split {
  readonly train: number;
  readonly calibration: number;
  readonly fresh: number;
}

const USUAL: Split = { train: 300, calibration: 199, fresh: 400 };
const FEW: Split = { train: 40, calibration: 99, fresh: 200 };
const ROWS = 2000;

/** Columns of numbers that are drawn anew for each stream. */
function openDraws(rows: number) {
  let stream = 0;
  const drawn = (fill: typeof fillNormal) => {
    const numbers = new Float32Array(rows);
    fill(numbers, { seed: 20, stream: stream++, step: 0 });
    return numbers;
  };
  return { normal: () => drawn(fillNormal), uniform: () => drawn(fillUniform) };
}

type Draws = ReturnType<typeof openDraws>;

const numbers = (from: Float32Array, of: (each: number, row: number) => number = (each) => each): Cells =>
  Float64Array.from(from, of);
const texts = (from: Float32Array, of: (each: number, row: number) => string): Cells => Array.from(from, of);

const holed = (cells: Cells, { uniform }: Draws, share: number): Cells => {
  const gone = uniform();
  return cells instanceof Float64Array
    ? cells.map((each, row) => (gone[row]! < share ? Number.NaN : each))
    : cells.map((each, row) => (gone[row]! < share ? '' : each));
};

const named = (prefix: string, cells: readonly Cells[]): Record<string, Cells> =>
  Object.fromEntries(cells.map((each, i) => [`${prefix}${i}`, each]));
const several = <T>(count: number, of: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => of(i));

/** The level of a draw among `count`, the later the rarer. */
const zipf = (uniform: number, count: number): number => Math.floor(count * uniform ** 3);

const YEAR = 31_536_000_000;

const kinds: Readonly<Record<string, (draws: Draws) => Readonly<Record<string, Cells>>>> = {
  twins: ({ uniform }) =>
    named(
      'rule',
      several(3, (i) => texts(uniform(), (u) => `r${Math.floor((2 + i) * u)}`)),
    ),
  discrete: ({ uniform }) => ({
    ...named(
      'die',
      several(2, () => numbers(uniform(), (u) => 1 + Math.floor(6 * u))),
    ),
    ...named(
      'flag',
      several(3, (i) => texts(uniform(), (u) => (u < 0.1 + 0.2 * i ? 'yes' : 'no'))),
    ),
  }),
  skewed: ({ normal }) => {
    const common = normal();
    return named(
      'amount',
      several(5, (i) => numbers(normal(), (e, row) => Math.exp(common[row]! + (0.5 + 0.3 * i) * e))),
    );
  },
  missing: (draws) => {
    const common = draws.normal();
    return named(
      'sensor',
      several(6, () =>
        holed(
          numbers(draws.normal(), (e, row) => 2 * common[row]! + e),
          draws,
          0.5,
        ),
      ),
    );
  },
  wide: ({ normal }) => {
    const causes = several(3, normal);
    return named(
      'n',
      several(60, (i) => numbers(normal(), (e, row) => causes[i % 3]![row]! + 0.5 * e)),
    );
  },
  small: ({ normal, uniform }) => ({
    ...named(
      'n',
      several(3, () => numbers(normal())),
    ),
    kind: texts(uniform(), (u) => 'abc'[Math.floor(3 * u)]!),
  }),
  categories: ({ uniform }) =>
    named(
      'level',
      several(6, (i) => texts(uniform(), (u) => `l${zipf(u, 10 + 30 * i)}`)),
    ),
  'zero-inflated': ({ normal, uniform }) => {
    const present = uniform();
    return {
      ...named(
        'paid',
        several(3, () => numbers(normal(), (e, row) => (present[row]! < 0.8 ? 0 : Math.exp(2 + e)))),
      ),
      ...named(
        'visits',
        several(2, () => numbers(uniform(), (u) => Math.floor(-Math.log(1 - u) * 3 * Number(u > 0.6)))),
      ),
    };
  },
  times: ({ normal, uniform }) => ({
    at: numbers(uniform(), (u) => Math.round(1.7e12 + u * YEAR)),
    seen: numbers(uniform(), (u) => Math.round(1.6e12 + u * YEAR)),
    amount: numbers(normal()),
  }),
  mixed: (draws) => {
    const common = draws.normal();
    const cells = {
      wealth: numbers(draws.normal(), (e, row) => 50 + 10 * common[row]! + 2 * e),
      income: numbers(draws.normal(), (e, row) => Math.exp(common[row]! + 0.3 * e)),
      visits: numbers(draws.normal(), (e, row) => Math.floor(Math.exp(common[row]! + 0.5 * e))),
      city: texts(draws.uniform(), (u, row) =>
        u + common[row]! < 0.3 ? 'Lund' : u < 0.8 ? 'Malmö' : 'Ystad',
      ),
      since: numbers(draws.uniform(), (u) => Math.round(1.6e12 + u * YEAR)),
    };
    return Object.fromEntries(Object.entries(cells).map(([name, each]) => [name, holed(each, draws, 0.05)]));
  },
};

const TIMES: readonly string[] = ['at', 'seen', 'since'];

function typeOf(name: string, cells: Cells): TableColumn['type'] {
  if (!(cells instanceof Float64Array)) return 'text';
  return TIMES.includes(name) ? 'timestamp' : 'number';
}

/** Ten tables of very different kinds, the same at every time. */
export function madeTables(): Record<string, Made> {
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, make]) => {
      const cells = make(openDraws(ROWS));
      const columns = Object.entries(cells).map(([name, each]) => ({ name, type: typeOf(name, each) }));
      return [
        kind,
        { table: memoryTable(`${kind}.csv`, columns, cells), split: kind === 'small' ? FEW : USUAL },
      ];
    }),
  );
}

/** How a table of so many rows is split. */
export const splitOf = (rows: number): Split => ({
  train: Math.min(USUAL.train, Math.floor(rows / 3)),
  calibration: Math.min(USUAL.calibration, Math.floor(rows / 3)),
  fresh: Math.min(USUAL.fresh, Math.floor(rows / 3)),
});
