import { type Content, html, type Markup, render, trusted } from './html.ts';
import { STYLE } from './style.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A whole page in one text: it loads nothing, runs nothing, and says so to the browser. */
export const page = (title: string, ...body: readonly Content[]): string =>
  render(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`);

/** A part of the page: its title, a sentence on how to read it, and what there is to see. */
export const section = (title: string, lead: Content, ...body: readonly Content[]): Markup =>
  html`<section>
<h2>${title}</h2>
<p>${lead}</p>
${body}
</section>
`;

/** A column of a table: its head, and whether it holds figures. */
export interface Column {
  readonly head: string;
  readonly number?: boolean;
}

/** A row of a table: its head first, then its cells; `kind` is a class of `style.ts`. */
export interface Row {
  readonly cells: readonly Content[];
  readonly kind?: string;
}

const figures = ({ number }: Column): Content => number && html` class="number"`;

const tableRow = (columns: readonly Column[], { cells, kind }: Row): Markup =>
  html`<tr${kind !== undefined && html` class="${kind}"`}>${cells.map((cell, i) =>
    i
      ? html`<td${figures(columns[i]!)} data-head="${columns[i]!.head}">${cell}</td>`
      : html`<th scope="row"${figures(columns[i]!)}>${cell}</th>`,
  )}</tr>
`;

/** A table that scrolls by itself where it is too wide; `label` names it for those who cannot see it. */
export const table = (
  label: string,
  columns: readonly Column[],
  rows: readonly Row[],
  kind?: string,
): Markup => html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">
<table${kind !== undefined && html` class="${kind}"`}>
<thead><tr>${columns.map((column) => html`<th scope="col"${figures(column)}>${column.head}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => tableRow(columns, row))}</tbody>
</table>
</div>
`;

const term = (wide: boolean, name: string, value: Content): Markup =>
  html`<div${wide && html` class="wide"`}><dt>${name}</dt><dd>${value}</dd></div>`;

/** From how many characters on a fact gets a line of its own. */
const LONG = 48;

/** Names with what they say; those that say nothing are left out. */
export const facts = (pairs: readonly (readonly [string, string | undefined])[]): Markup =>
  html`<dl class="facts">${pairs.map(
    ([name, value]) => value !== undefined && term(value.length > LONG, name, value),
  )}</dl>
`;

/** A few figures large enough to be read first. */
export const headline = (pairs: readonly (readonly [string, string])[]): Content =>
  pairs.length > 0 &&
  html`<dl class="figures">${pairs.map(([name, value]) => term(false, name, value))}</dl>
`;
