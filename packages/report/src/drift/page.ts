import { DRIFT_LIMITS, type DriftColumn, type DriftReport, type Verdict } from '@semivae/statistics';
import { keyList } from '../chart.ts';
import { chance, count, counted, percent, shortened } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { facts, page, section, table } from '../page.ts';
import { beforeAndNow, LARGE, PAIR } from './pictures.ts';

/** Small multiples: the gravest only. */
const DRAWN = 24;
const LONGEST_LEVEL = 30;
const NAMED = 3;

const PROBLEMS: Readonly<Record<NonNullable<DriftColumn['problem']>, string>> = {
  absent: 'not in the new data',
  kind: 'holds another kind of value',
};

const badge = (verdict: Verdict): Markup => html`<span class="verdict ${verdict}">${verdict}</span>`;

const unseenLevels = ({ unseen }: DriftColumn): Content => {
  if (!unseen?.levels.length) return '';
  const named = unseen.levels.slice(0, NAMED).map((level) => shortened(level, LONGEST_LEVEL));
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
    keyList(PAIR),
    html`<div class="pictures small">${drawn.map((column) => beforeAndNow(column))}</div>`,
  );
}

function scoreSection({ score }: DriftReport): Markup | undefined {
  if (score?.picture?.kind !== 'number') return undefined;
  const { distance, pValue, populationStability: psi } = score;
  const lead = `Distance ${optional(distance, (value) => value.toFixed(3))}, PSI ${optional(psi, (value) => value.toFixed(3))}, p ${optional(pValue, chance)}.`;
  return section(
    'Anomaly score',
    lead,
    keyList(PAIR),
    html`<div class="pictures">${beforeAndNow(score, LARGE, 'Reference and new rows')}</div>`,
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
