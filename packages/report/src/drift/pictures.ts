import { dot, link, ruleY } from '@observablehq/plot';
import type { DriftColumn, HistogramPair, LevelPair } from '@semivae/statistics';
import { COLOURS, chart, picture } from '../chart.ts';
import { count, percent, shortened } from '../format.ts';
import type { Markup } from '../html.ts';
import { outline } from '../sections/scores.ts';

const LONGEST_LEVEL = 15;

const SMALL = { width: 320, height: 190, marginLeft: 40, marginBottom: 26, marginTop: 12 } as const;
/** The size of a picture that stands alone. */
export const LARGE = { ...SMALL, width: 440, height: 240 } as const;
/** The two sides of every picture. */
export const PAIR = [
  { colour: COLOURS.blue, name: 'reference' },
  { colour: COLOURS.orange, name: 'new' },
] as const;

const histograms = (
  name: string,
  { edges, reference, fresh }: HistogramPair,
  size: typeof SMALL | typeof LARGE,
): Markup =>
  chart(`${name}: reference and new distribution`, {
    ...size,
    x: { label: null, ticks: 5 },
    y: { label: null, tickFormat: '~%', ticks: 3, grid: true },
    marks: [
      ...outline(edges, reference, COLOURS.blue),
      ...outline(edges, fresh, COLOURS.orange),
      ruleY([0], { stroke: COLOURS.faint }),
    ],
  });

interface LevelRow {
  readonly place: number;
  readonly name: string;
  readonly reference: number;
  readonly fresh: number;
}

function levelRows({ levels, others }: LevelPair, { missing }: DriftColumn): readonly LevelRow[] {
  const lacking = missing.reference + missing.fresh > 0 ? [{ name: '(missing)', ...missing }] : [];
  const rest = others ? [{ ...others, name: `(${count(others.count)} more)` }] : [];
  const named = levels.map(({ level, ...shares }) => ({ ...shares, name: shortened(level, LONGEST_LEVEL) }));
  return [...named, ...rest, ...lacking].map((row, place) => ({ ...row, place }));
}

const hover = ({ name, reference, fresh }: LevelRow): string =>
  `${name}: ${percent(reference)} before, ${percent(fresh)} now`;

function levels(column: DriftColumn, pair: LevelPair): Markup {
  const rows = levelRows(pair, column);
  const y = 'place';
  return chart(`${column.name}: reference and new shares of levels`, {
    ...SMALL,
    height: 44 + 19 * Math.max(4, rows.length),
    marginLeft: 116,
    x: { label: null, tickFormat: '~%', ticks: 4, grid: true, zero: true },
    y: {
      type: 'point',
      label: null,
      tickSize: 0,
      domain: rows.map(({ place }) => place),
      tickFormat: (place: number) => rows[place]!.name,
    },
    marks: [
      link(rows, { x1: 'reference', x2: 'fresh', y1: y, y2: y, stroke: COLOURS.faint, strokeWidth: 1.5 }),
      dot(rows, {
        x: 'reference',
        y,
        r: 4,
        fill: COLOURS.paper,
        stroke: COLOURS.blue,
        strokeWidth: 2,
        title: hover,
      }),
      dot(rows, { x: 'fresh', y, r: 4.5, fill: COLOURS.orange, title: hover }),
    ],
  });
}

function changes({ missing, picture: drawn, unseen }: DriftColumn): string | undefined {
  const lost = missing.reference !== missing.fresh && drawn?.kind === 'number';
  const beyond = drawn?.kind === 'number' && drawn.beyond.reference + drawn.beyond.fresh > 0;
  const said = [
    lost && `Missing: ${percent(missing.reference)} before, ${percent(missing.fresh)} now.`,
    beyond &&
      `Beyond the axis, in the end bars: ${percent(drawn.beyond.reference)} before, ${percent(drawn.beyond.fresh)} now.`,
    unseen?.levels.length && `Never seen before: ${percent(unseen.share)} of the new rows.`,
  ].filter(Boolean);
  return said.length ? said.join(' ') : undefined;
}

/** A column's distribution in the reference and in the new data; absent where there is nothing to draw. */
export function beforeAndNow(
  column: DriftColumn,
  size: typeof SMALL | typeof LARGE = SMALL,
  title = `${column.name} · ${column.verdict}`,
): Markup | undefined {
  const drawn = column.picture;
  if (!drawn) return undefined;
  const drawing = drawn.kind === 'number' ? histograms(column.name, drawn, size) : levels(column, drawn);
  const note = changes(column);
  return picture(title, drawing, note === undefined ? {} : { note });
}
