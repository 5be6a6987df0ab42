import { dot, link, ruleY } from '@observablehq/plot';
import { COLOURS, chart, picture } from '../chart.ts';
import { chance, count, counted, percent, shortened } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { facts, page, section, table } from '../page.ts';
import { outline } from '../sections/scores.ts';
import {
  DRIFT_LIMITS,
  type DriftColumn,
  type DriftReport,
  type HistogramPair,
  type LevelPair,
  type Verdict,
} from './drift.ts';

/** Small multiples: the gravest only. */
const DRAWN = 24;
const LONGEST_LEVEL = 15;
const NAMED = 3;

const WORDS: Readonly<Record<Verdict, string>> = { none: 'none', slight: 'slight', strong: 'strong' };

const PROBLEMS: Readonly<Record<NonNullable<DriftColumn['problem']>, string>> = {
  absent: 'not in the new data',
  kind: 'holds another kind of value',
};

const badge = (verdict: Verdict): Markup => html`<span class="verdict ${verdict}">${WORDS[verdict]}</span>`;

const SMALL = { width: 320, height: 190, marginLeft: 40, marginBottom: 26, marginTop: 12 } as const;
const LARGE = { ...SMALL, width: 440, height: 240 } as const;
const NEW = { colour: COLOURS.orange, name: 'new' };
const REFERENCE = { colour: COLOURS.blue, name: 'reference' };

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

function multiple(
  column: DriftColumn,
  size: typeof SMALL | typeof LARGE = SMALL,
  title = `${column.name} · ${WORDS[column.verdict]}`,
): Markup | undefined {
  const drawn = column.picture;
  if (!drawn) return undefined;
  const drawing = drawn.kind === 'number' ? histograms(column.name, drawn, size) : levels(column, drawn);
  const note = changes(column);
  return picture(title, drawing, note === undefined ? {} : { note });
}

const keyed = (body: Content): Markup =>
  html`<ul class="keys">${[REFERENCE, NEW].map(({ colour, name }) => html`<li><i style="background:${colour}"></i>${name}</li>`)}</ul>${body}`;

const unseenLevels = ({ unseen }: DriftColumn): Content => {
  if (!unseen?.levels.length) return '';
  const named = unseen.levels.slice(0, NAMED).map((level) => shortened(level, 2 * LONGEST_LEVEL));
  const more = unseen.levels.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''} (${percent(unseen.share)})`;
};

const optional = (value: number | undefined, said: (value: number) => string): string =>
  value === undefined ? '–' : said(value);

const missingShares = ({ missing, problem }: DriftColumn): string =>
  problem === 'absent' ? '–' : [...new Set([missing.reference, missing.fresh].map(percent))].join(' → ');

const HEADS = [
  { head: 'Column' },
  { head: 'Drift' },
  { head: 'Distance', number: true },
  { head: 'PSI', number: true },
  { head: 'Adjusted p', number: true },
  { head: 'Missing', number: true },
  { head: 'New levels' },
] as const;

const columnRow = (column: DriftColumn) => ({
  cells: [
    column.name,
    badge(column.verdict),
    optional(column.distance, (value) => value.toFixed(3)),
    optional(column.populationStability, (value) => value.toFixed(3)),
    optional(column.adjustedPValue, chance),
    missingShares(column),
    column.problem ? PROBLEMS[column.problem] : unseenLevels(column),
  ],
  ...(column.verdict === 'none' ? { kind: 'unused' } : {}),
});

const having = ({ columns }: DriftReport, verdict: Verdict): number =>
  columns.filter((column) => column.verdict === verdict).length;

function sentence(report: DriftReport): string {
  const [strong, slight] = [having(report, 'strong'), having(report, 'slight')];
  const all = counted(report.columns.length, 'column');
  if (!strong && !slight) return `No drift found in ${all}.`;
  const parts = [strong && `${count(strong)} strongly`, slight && `${count(slight)} slightly`].filter(
    Boolean,
  );
  const of = strong + slight;
  return `${count(of)} of ${all} ${of === 1 ? 'drifts' : 'drift'}: ${parts.join(', ')}.`;
}

const SCORE: Readonly<Record<Verdict, string>> = {
  none: 'The anomaly score is distributed as before.',
  slight: 'The anomaly score drifts slightly: check the threshold.',
  strong: 'The anomaly score drifts strongly: the threshold no longer means what it was set to mean.',
};

const banner = (report: DriftReport): Markup => {
  const verdicts = [report.verdict, report.score?.verdict];
  const gravest = (['strong', 'slight'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'none';
  return html`<div class="banner ${gravest}">
<p><strong>${sentence(report)}</strong></p>
${report.score && html`<p>${SCORE[report.score.verdict]}</p>`}
</div>`;
};

const header = (report: DriftReport): Markup => html`<header>
<p class="kicker">semivae drift</p>
<h1>${report.name ?? 'Drift'}</h1>
${banner(report)}
${facts([
  ['New data', report.data],
  ['Reference rows', count(report.referenceRows)],
  ['New rows', count(report.freshRows)],
])}
</header>
`;

const { significance, slight, strong } = DRIFT_LIMITS;

const LEAD =
  `Drift is slight from a distance of ${slight.distance}, a population stability index (PSI) of ` +
  `${slight.populationStability} or a change of the missing share by ${percent(slight.missing)}; strong from ` +
  `${strong.distance}, ${strong.populationStability} or ${percent(strong.missing)}; and only where the p-value, ` +
  `adjusted for the number of columns, is under ${significance}. Distance: of numbers, the Kolmogorov–Smirnov ` +
  `statistic; of levels, the share of rows that would have to change level.`;

function multiples(report: DriftReport): Markup | undefined {
  const drifting = report.columns.filter((column) => column.verdict !== 'none' && column.picture);
  const drawn = drifting.slice(0, DRAWN);
  if (!drawn.length) return undefined;
  const some = drawn.length < drifting.length ? `, the ${DRAWN} gravest of ${count(drifting.length)}` : '';
  const lead = `Columns that drift${some}. Numbers: shares of the values that are there; levels: shares of all rows.`;
  return section(
    'Before and now',
    lead,
    keyed(html`<div class="pictures small">${drawn.map((column) => multiple(column))}</div>`),
  );
}

function scoreSection({ score }: DriftReport): Markup | undefined {
  if (score?.picture?.kind !== 'number') return undefined;
  const { distance, pValue, populationStability: psi } = score;
  const lead = `Distance ${optional(distance, (value) => value.toFixed(3))}, PSI ${optional(psi, (value) => value.toFixed(3))}, p ${optional(pValue, chance)}.`;
  return section(
    'Anomaly score',
    lead,
    keyed(html`<div class="pictures">${multiple(score, LARGE, 'Reference and new rows')}</div>`),
  );
}

const extra = ({ extraColumns }: DriftReport): Content =>
  extraColumns.length > 0 &&
  html`<p>Not compared, because the reference does not have ${extraColumns.length === 1 ? 'it' : 'them'}: ${extraColumns.join(', ')}.</p>`;

/** A drift report as one HTML text that opens anywhere: no script, nothing to load. */
export const driftPage = (report: DriftReport): string =>
  page(
    `${report.name ?? report.data ?? 'Drift'} · semivae drift`,
    header(report),
    scoreSection(report),
    multiples(report),
    section(
      'Columns',
      LEAD,
      table('Drift by column', HEADS, report.columns.map(columnRow), 'drift'),
      extra(report),
    ),
    html`<footer>Made by semivae. This page runs no script and loads nothing.</footer>`,
  );
