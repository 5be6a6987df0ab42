import type { StoredSample } from '@semivae/data';
import type { ColumnSummary } from '@semivae/report';
import { type InputColumn, type Manifest, tableInput } from '@semivae/runtime';
import { showCount } from './row-progress.ts';

const SHOWN_LEVELS = 3;

const figure = (value: number): string =>
  Math.abs(value) < 1e-3 || Math.abs(value) >= 1e7
    ? String(Number(value.toPrecision(4)))
    : Number(value.toPrecision(6)).toLocaleString('en', { maximumFractionDigits: 6 });

const day = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** What is known of a column's values: its levels in training, else how far held-out ones reach. */
function content({ levels, kind }: InputColumn, sample: StoredSample | undefined): string | undefined {
  if (levels) {
    const named = levels.length <= SHOWN_LEVELS ? `: ${levels.join(', ')}` : '';
    return `${showCount(levels.length)} levels${named}`;
  }
  const { numbers = [] } = sample ?? {};
  const [low, high] = [numbers[0], numbers.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  const show = kind === 'timestamp' ? day : figure;
  return `held-out rows from ${show(low)} to ${show(high)}`;
}

/** The columns of a bundle, each with what is known of it. */
export function columnsOf(
  manifest: Manifest,
  reference: readonly StoredSample[] = [],
): readonly ColumnSummary[] {
  const samples = new Map(reference.map((sample) => [sample.name, sample]));
  return tableInput(manifest).columns.map((column) => {
    const { name, kind, encoding, reason } = column;
    const sample = samples.get(name);
    const holds = content(column, sample);
    return {
      name,
      kind,
      ...(encoding !== undefined && { transform: encoding }),
      ...(holds !== undefined && { content: holds }),
      ...(sample && sample.rows > 0 && { missing: sample.missing / sample.rows }),
      ...(reason !== undefined && { ignored: reason }),
    };
  });
}
