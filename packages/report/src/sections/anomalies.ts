import { chance, figure, shortened } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { type Column, type Row, section, table } from '../page.ts';
import type { Anomaly, AnomalySection, Contribution } from '../report.ts';

/** Contributions shown for each row. */
const SHOWN = 4;
const WIDEST = 4;
const LONGEST_VALUE = 60;

const rawValue = (value: Contribution['value']): Content => {
  if (value === null) return html`<span class="missing-value">missing</span>`;
  const text = String(value);
  return text.length > LONGEST_VALUE
    ? html`<span title="${text}">${shortened(text, LONGEST_VALUE)}</span>`
    : text;
};

function contributionRow({ column, value, amount }: Contribution, largest: number): Markup {
  const width = largest > 0 ? (WIDEST * Math.abs(amount)) / largest : 0;
  const kind: Content = amount < 0 && html` class="lowers"`;
  const bar = html`<div class="amount"><span>${amount > 0 && '+'}${figure(amount)}</span><i${kind} style="width:${width.toFixed(2)}rem"></i></div>`;
  return html`<tr><td>${column}</td><td>${rawValue(value)}</td><td>${bar}</td></tr>`;
}

const finite = ({ contributions = [] }: Anomaly): readonly Contribution[] =>
  contributions.filter(({ amount }) => Number.isFinite(amount)).slice(0, SHOWN);

const contributionTable = (shown: readonly Contribution[], largest: number): Content =>
  shown.length > 0 &&
  html`<table class="contributions"><tbody>${shown.map((one) => contributionRow(one, largest))}</tbody></table>`;

function columns(
  list: readonly Anomaly[],
  unit: string | undefined,
): readonly (Column & { readonly of: string })[] {
  const has = (key: keyof Anomaly) => list.some((anomaly) => anomaly[key] !== undefined);
  const into = unit ? `, ${unit}` : '';
  return [
    { of: 'row', head: 'Row' },
    { of: 'score', head: `Score${into}`, number: true },
    ...(has('pValue') ? [{ of: 'pValue', head: 'p-value', number: true }] : []),
    ...(has('label') ? [{ of: 'label', head: 'Known as' }] : []),
    ...(has('contributions')
      ? [{ of: 'contributions', head: `What stands out: column, value, part of the score${into}` }]
      : []),
  ];
}

function cells(anomaly: Anomaly, largest: number): Readonly<Record<string, Content>> {
  return {
    row: String(anomaly.row),
    score: figure(anomaly.score),
    pValue: anomaly.pValue === undefined ? '' : chance(anomaly.pValue),
    label: anomaly.label ?? '',
    contributions: contributionTable(finite(anomaly), largest),
  };
}

/** The rows that score highest, and what stands out in them; absent without a row. */
export function anomalySection(anomalies: AnomalySection | undefined): Markup | undefined {
  if (!anomalies?.list.length) return undefined;
  const { list, rows, unit } = anomalies;
  const heads = columns(list, unit);
  const largest = Math.max(0, ...list.flatMap(finite).map(({ amount }) => Math.abs(amount)));
  const shown: Row[] = list.map((anomaly) => {
    const said = cells(anomaly, largest);
    return { cells: heads.map(({ of }) => said[of]) };
  });
  return section(
    'Top anomalies',
    `The highest scores among ${rows}.`,
    table('Top anomalies', heads, shown, 'anomalies'),
  );
}
