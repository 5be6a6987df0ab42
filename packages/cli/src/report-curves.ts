import type { CurvePanel } from '@semivae/report';
import type { MetricsLine } from '@semivae/train/node';

/** `validationBound` as people read it: `validation bound`. */
const inWords = (metric: string): string => metric.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

interface Panel {
  readonly title: string;
  readonly unit: string;
  has(metric: string): boolean;
}

const panels: readonly Panel[] = [
  { title: 'Bounds on log-likelihood', unit: 'nats per row', has: (metric) => metric.endsWith('Bound') },
  { title: 'Loss', unit: 'nats', has: (metric) => metric === 'loss' },
  { title: 'Cross-entropy of the labels', unit: 'nats per row', has: (metric) => metric === 'crossEntropy' },
  {
    title: 'What the latent carries',
    unit: 'nats per row',
    has: (metric) => metric === 'divergence' || metric === 'reconstruction',
  },
  { title: 'Active features of the latent', unit: 'features', has: (metric) => metric === 'activeUnits' },
  { title: 'Classification error', unit: '%', has: (metric) => metric.endsWith('Error') },
];

const besides = ['step', 'epoch', 'minutes'];

/** The metrics of a run as curves over its epochs, those of one unit together. */
export function curvesOf(lines: readonly MetricsLine[]): readonly CurvePanel[] {
  const metrics = [...new Set(lines.flatMap(Object.keys))].filter((metric) => !besides.includes(metric));
  const series = (metric: string) => ({
    name: inWords(metric),
    points: lines.map((line) => [line.epoch, line[metric] ?? null] as const),
  });
  return panels
    .map(({ title, unit, has }) => ({ title, unit, along: 'epoch', series: metrics.filter(has).map(series) }))
    .filter((panel) => panel.series.length > 0);
}
