import { type Tensor, tensor } from '@semivae/graph';
import { layoutOf, type TableColumns, tableLikelihood } from '@semivae/model';
import { uniforms } from './numbers.ts';

const none = { kind: 'none' } as const;

/** A column for each likelihood that a cell can have, one of them with a feature that is made of another. */
export const mixedTable: TableColumns = {
  kind: 'table',
  columns: [
    { name: 'level', kind: 'categorical', levels: ['a', 'b'], rare: ['c'], shares: [0.5, 0.4, 0.1] },
    { name: 'heavy', kind: 'numeric', transform: none, centre: 0, scale: 1, likelihood: 'student-t' },
    {
      name: 'ranked',
      kind: 'numeric',
      transform: none,
      centre: 0,
      scale: 1,
      likelihood: 'gaussian',
      ranks: { knots: [-1, 0, 2], values: [-1, 0.5, 1] },
    },
    { name: 'few', kind: 'count', centre: 1, scale: 0.8, likelihood: 'poisson' },
    { name: 'many', kind: 'count', centre: 2, scale: 1.1, likelihood: 'negative-binomial' },
    { name: 'flag', kind: 'binary', levels: [0, 1], share: 0.3 },
    { name: 'code', kind: 'categorical', levels: [3, 5, 7], rare: [], shares: [0.4, 0.3, 0.3, 0] },
  ],
};

const layout = layoutOf(mixedTable);

export const mixed = tableLikelihood(layout);
export const mixedSize = layout.size;

/** Encoded rows: levels one-hot, counts whole, and every fifth cell or so missing. */
export function mixedRows(count: number, name: string): Tensor {
  const { data } = uniforms([count, layout.size], name);
  const at = (row: number, feature: number) => data[row * layout.size + feature]!;
  const missing = (row: number, column: number) => at(row, layout.features.length + column) < 0.2;
  const cell = (row: number, feature: number): number => {
    const { kind, column, part } = layout.features[feature]!;
    const of = layout.columns[column]!;
    if (missing(row, column)) return 0;
    if (kind === 'bernoulli') return Number(at(row, feature) < 0.5);
    if (of.kind === 'count') return (Math.log1p(Math.floor(9 * at(row, feature))) - of.centre) / of.scale;
    if (of.kind !== 'categorical') return 3 * at(row, feature) - 1.5;
    const first = feature - part;
    return Number(part === Math.floor(at(row, first) * (of.levels.length + 1)));
  };
  return tensor([count, layout.size], (i) => {
    const [row, place] = [Math.floor(i / layout.size), i % layout.size];
    if (place >= layout.features.length) return Number(missing(row, place - layout.features.length));
    return Math.fround(cell(row, place));
  });
}
