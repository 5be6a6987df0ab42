import { type Column, isUsed, type TableColumns, timestampInWords } from '@semivae/model';
import { type Calibration, type Manifest, tableInput } from '@semivae/runtime';
import type { RunInfo } from '@semivae/train/node';
import { showCount } from '../row-progress.ts';
import { showPercent, table } from '../table.ts';
import { writtenInWords } from '../written-in-words.ts';

/** How a column enters the network, and what is said of its cells. */
function encodingOf(column: Column): string {
  if (column.kind === 'ignored') return column.reason;
  if (column.kind === 'binary')
    return `0 for ${(column.written?.words ?? column.levels).join(', 1 for ')}; bernoulli`;
  if (column.kind === 'timestamp') return `${timestampInWords(column)}; gaussian`;
  if (column.kind === 'count') return `its logarithm, standardised; ${column.likelihood}`;
  if (column.kind === 'categorical') {
    const rare = column.rare.length ? `, ${column.rare.length} rare ones together` : '';
    return `one-hot of ${column.levels.length} levels${rare}; categorical`;
  }
  const of = column.transform.kind === 'log' ? 'its logarithm, standardised' : 'standardised';
  return `${of}${column.ranks ? ', and its rank' : ''}; ${column.likelihood}`;
}

const writtenOf = (column: Column) => (isUsed(column) ? writtenInWords(column) : []);

/** The columns of a run of a table. */
export const showRunColumns = ({ columns }: TableColumns): string =>
  table([
    ['column', 'kind', 'enters as'],
    ...columns.map((column) => [
      column.name,
      column.kind,
      [encodingOf(column), ...writtenOf(column)].join('; '),
    ]),
  ]);

/** What a run of a table learnt from, and what it keeps back. */
export function tableRunFact({ recipe, data }: RunInfo): string {
  const { anomalies = 0 } = data;
  const said = [
    `${showCount(data.trainRows)} training rows`,
    ...(recipe.data.labels > 0 ? [`${showCount(recipe.data.labels)} labels`] : []),
    `${showCount(data.testRows)} calibration rows${data.heldBack ? ` (${data.heldBack})` : ''}`,
    ...(anomalies > 0 ? [`${showCount(anomalies)} known anomalies`] : []),
  ];
  return `${data.name}: ${said.join(', ')}`;
}

/** The columns of a bundle of a table. */
export const showBundleColumns = (manifest: Manifest): string =>
  table([
    ['column', 'kind', 'levels', 'enters as'],
    ...tableInput(manifest).columns.map((column) => [
      column.name,
      column.kind,
      column.levels ? String(column.levels.length) : '',
      [column.reason ?? column.encoding ?? '', ...writtenInWords(column)].join('; '),
    ]),
  ]);

/** What threshold a calibration gives, and what it rests on. */
export const calibrationFact = ({ rows, fpr, threshold, data }: Calibration): string =>
  `scores above ${Number(threshold.toPrecision(6))} are anomalies: ${showPercent(100 * fpr)} of ordinary rows, by ${showCount(rows)} scores (${data})`;
