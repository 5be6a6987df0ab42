import { counted, percent } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { section, table } from '../page.ts';
import type { ColumnSummary } from '../report.ts';

const missingBar = (share: number | undefined): Content =>
  share !== undefined &&
  html`${percent(share)}<span class="bar"><i style="width:${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%"></i></span>`;

const HEADS = [
  { of: 'name', head: 'Column' },
  { of: 'kind', head: 'Kind' },
  { of: 'content', head: 'Holds' },
  { of: 'transform', head: 'Enters as' },
  { of: 'missing', head: 'Missing', number: true },
] as const;

function cells(column: ColumnSummary): Readonly<Partial<Record<(typeof HEADS)[number]['of'], Content>>> {
  const transform = column.ignored === undefined ? column.transform : `not used: ${column.ignored}`;
  return { ...column, transform, missing: missingBar(column.missing) };
}

/** What the model makes of each column; absent without columns. */
export function columnSection(columns: readonly ColumnSummary[] | undefined): Markup | undefined {
  if (!columns?.length) return undefined;
  const all = columns.map(cells);
  const heads = HEADS.filter(({ of }) => all.some((said) => said[of] !== undefined && said[of] !== false));
  const unused = columns.filter(({ ignored }) => ignored !== undefined).length;
  const rows = columns.map((column, i) => ({
    cells: heads.map(({ of }) => all[i]![of]),
    ...(column.ignored === undefined ? {} : { kind: 'unused' }),
  }));
  const used = `${counted(columns.length - unused, 'column')} used`;
  const lead = unused ? `${used}, ${unused} not.` : `${used}.`;
  return section('Columns', lead, table('Columns', heads, rows));
}
