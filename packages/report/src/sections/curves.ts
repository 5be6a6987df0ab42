import { dot, lineY } from '@observablehq/plot';
import { chart, type Key, picture, SERIES, thinned } from '../chart.ts';
import { figure, shortened } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { CurvePanel, Series } from '../report.ts';

const LONGEST_LABEL = 40;

type Point = readonly [at: number, value: number];

const colourOf = (index: number): string => SERIES[index % SERIES.length]!;

const drawn = ({ points }: Series): readonly Point[] =>
  points.filter((point): point is Point => point[1] !== null && Number.isFinite(point[1]));

const hover = (name: string, along: string) => (point: Point) =>
  `${name}, ${along} ${figure(point[0])}: ${figure(point[1])}`;

function marks(series: Series, index: number, along: string) {
  const points = thinned(drawn(series));
  const title = hover(series.name, along);
  return [
    lineY(points, { x: '0', y: '1', stroke: colourOf(index), strokeWidth: 1.75 }),
    dot(points, {
      x: '0',
      y: '1',
      r: points.length === 1 ? 3 : 5,
      fill: colourOf(index),
      fillOpacity: points.length === 1 ? 1 : 0,
      title,
    }),
  ];
}

const key = (series: Series, index: number): Key => {
  const last = drawn(series).at(-1);
  return { colour: colourOf(index), name: series.name, ...(last ? { value: figure(last[1]) } : {}) };
};

function panel({ title, unit, along, series, logarithmic }: CurvePanel): Markup {
  const positive = series.every((one) => drawn(one).every(([, value]) => value > 0));
  const drawing = chart(`${title}, by ${along}: ${series.map((one) => one.name).join(', ')}`, {
    x: { label: shortened(along, LONGEST_LABEL), labelAnchor: 'center', labelArrow: 'none', ticks: 6 },
    y: {
      label: unit === undefined ? null : shortened(unit, LONGEST_LABEL),
      labelArrow: 'none',
      grid: true,
      ticks: 5,
      nice: true,
      ...(logarithmic && positive ? { type: 'log' } : {}),
    },
    marks: series.flatMap((one, index) => marks(one, index, along)),
  });
  return picture(title, drawing, { keys: series.map(key) });
}

/** What training minimised and measured as it went; absent without a single value. */
export function curveSection(panels: readonly CurvePanel[] | undefined): Markup | undefined {
  const shown = (panels ?? []).filter(({ series }) => series.some((one) => drawn(one).length > 0));
  if (!shown.length) return undefined;
  return section(
    'Training',
    'The figure beside each name is its last value.',
    html`<div class="pictures">${shown.map(panel)}</div>`,
  );
}
