import { areaY, lineY, ruleX, ruleY, text } from '@observablehq/plot';
import { binEdges, binShares, countBeyond } from '@semivae/statistics';
import { COLOURS, chart, type Key, picture } from '../chart.ts';
import { checkLength } from '../check-length.ts';
import { count, counted, figure, percent, shortened } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { ScoreSample, ScoreSection } from '../report.ts';

/** The scores whose label is known, where there are both kinds. */
export function judgeable({ scores, anomalous = [] }: ScoreSample) {
  const known = scores
    .map((score, row) => ({ score, anomalous: anomalous[row] ?? null }))
    .filter(
      (row): row is { score: number; anomalous: boolean } =>
        row.anomalous !== null && !Number.isNaN(row.score),
    );
  const both = known.some((row) => row.anomalous) && known.some((row) => !row.anomalous);
  return both
    ? { scores: known.map((row) => row.score), anomalous: known.map((row) => row.anomalous) }
    : undefined;
}

interface Group extends Key {
  readonly scores: readonly number[];
}

function groups({ scores, anomalous = [], rows }: ScoreSample): readonly Group[] {
  const where = (kind: boolean | null) =>
    scores.filter((score, row) => Number.isFinite(score) && (anomalous[row] ?? null) === kind);
  const unknown = anomalous.some((kind) => kind !== null) ? 'unknown' : rows;
  const all = [
    { name: 'normal', colour: COLOURS.blue, scores: where(false) },
    { name: 'anomalous', colour: COLOURS.orange, scores: where(true) },
    { name: unknown, colour: COLOURS.grey, scores: where(null) },
  ];
  return all.filter((group) => group.scores.length > 0);
}

/** A bin's two ends at its height, so that a line through all bins is a staircase. */
export const staircase = (edges: readonly number[], shares: readonly number[]) => [
  { at: edges[0]!, share: 0 },
  ...shares.flatMap((share, bin) => [
    { at: edges[bin]!, share },
    { at: edges[bin + 1]!, share },
  ]),
  { at: edges.at(-1)!, share: 0 },
];

/** A histogram as an outline over a light fill. */
export function outline(edges: readonly number[], shares: readonly number[], colour: string) {
  const steps = staircase(edges, shares);
  return [
    areaY(steps, { x: 'at', y1: 0, y2: 'share', fill: colour, fillOpacity: 0.16 }),
    lineY(steps, { x: 'at', y: 'share', stroke: colour, strokeWidth: 1.5, strokeLinejoin: 'miter' }),
  ];
}

/** A dashed line with its figure on the side that has more room. */
function thresholdMarks(threshold: number | undefined, edges: readonly number[]) {
  if (threshold === undefined) return [];
  const right = threshold > (edges[0]! + edges.at(-1)!) / 2;
  return [
    ruleX([threshold], { stroke: COLOURS.ink, strokeDasharray: '4 3' }),
    text([threshold], {
      x: (at: number) => at,
      frameAnchor: 'top',
      text: () => `threshold ${figure(threshold)}`,
      textAnchor: right ? 'end' : 'start',
      dx: right ? 6 : -6,
      dy: -14,
      fill: COLOURS.ink,
    }),
  ];
}

function note(sample: ScoreSample, edges: readonly number[], threshold: number | undefined): string {
  const finite = sample.scores.filter(Number.isFinite);
  const above = threshold === undefined ? 0 : finite.filter((score) => score > threshold).length;
  const beyond = countBeyond(finite, edges);
  const undrawn = sample.scores.length - finite.length;
  return [
    counted(finite.length, 'row').concat('.'),
    threshold !== undefined && `${percent(above / finite.length)} score above the threshold.`,
    beyond > 0 && `The end bars also hold ${counted(beyond, 'row')} from beyond the axis.`,
    undrawn > 0 && `Not drawn, for want of a finite score: ${counted(undrawn, 'row')}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function histogram(sample: ScoreSample, among: ScoreSection): Markup {
  const shown = groups(sample);
  const edges = binEdges(
    shown.map((group) => group.scores),
    among.threshold,
  );
  const keys = shown.map((group) => ({ ...group, value: count(group.scores.length) }));
  const drawing = chart(`How the scores of the ${sample.rows} are distributed`, {
    x: {
      label: among.unit ? `score, ${shortened(among.unit, 40)}` : 'score',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 6,
    },
    y: { label: 'share of rows', labelArrow: 'none', tickFormat: '~%', ticks: 4, grid: true },
    marks: [
      ...shown.flatMap((group) => outline(edges, binShares(group.scores, edges), group.colour)),
      ruleY([0], { stroke: COLOURS.faint }),
      ...thresholdMarks(among.threshold, edges),
    ],
  });
  const title = sample.rows.charAt(0).toUpperCase() + sample.rows.slice(1);
  return picture(title, drawing, {
    ...(keys.length > 1 ? { keys } : {}),
    note: note(sample, edges, among.threshold),
  });
}

function lead({ threshold, falseAlarmRate }: ScoreSection): string {
  const said = 'The higher the score, the stranger the row. Bars are shares of their own group.';
  const aim = threshold !== undefined && falseAlarmRate !== undefined;
  return aim
    ? `${said} The threshold is meant to be passed by ${percent(falseAlarmRate)} of normal rows.`
    : said;
}

/** How scores are distributed, and where the threshold lies; absent without a finite score. Throws SemivaeError. */
export function scoreSection(scores: ScoreSection | undefined): Markup | undefined {
  for (const sample of scores?.samples ?? []) {
    checkLength('scores.samples.anomalous', sample.anomalous, sample.scores);
  }
  const shown = (scores?.samples ?? []).filter((sample) => sample.scores.some(Number.isFinite));
  if (!scores || !shown.length) return undefined;
  const pictures = shown.map((sample) => histogram(sample, scores));
  return section('Scores', lead(scores), html`<div class="pictures">${pictures}</div>`);
}
