import { checkLength } from '../check-length.ts';
import { count, percent } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { ClassificationSection } from '../report.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The share of rows that got their own class; absent without rows. */
export function accuracy({ counts }: ClassificationSection): number | undefined {
  const rows = sum(counts.map(sum));
  return rows ? sum(counts.map((row, actual) => row[actual]!)) / rows : undefined;
}

function cell(
  classes: readonly string[],
  actual: number,
  predicted: number,
  rows: number,
  of: number,
): Markup {
  const share = of ? rows / of : 0;
  const hover = `${classes[actual]!} called ${classes[predicted]!}: ${count(rows)}, ${percent(share)}`;
  const kind: Content = actual === predicted && html` class="right"`;
  return html`<td${kind} style="--share:${share.toFixed(3)}" title="${hover}">${rows ? count(rows) : html`<span class="soft">·</span>`}</td>`;
}

function matrixRow(classes: readonly string[], counts: readonly number[], actual: number): Markup {
  const of = sum(counts);
  const recall = of ? percent(counts[actual]! / of) : '–';
  return html`<tr><th scope="row">${classes[actual]!}</th>${counts.map((rows, predicted) =>
    cell(classes, actual, predicted, rows, of),
  )}<td class="recall">${recall}</td></tr>
`;
}

/** How many of the rows that were called a class are of it. */
function precisionRow({ classes, counts }: ClassificationSection): Markup {
  const precision = (predicted: number): string => {
    const called = sum(counts.map((row) => row[predicted]!));
    return called ? percent(counts[predicted]![predicted]! / called) : '–';
  };
  return html`<tr><th scope="row">precision</th>${classes.map((_, predicted) => html`<td class="recall">${precision(predicted)}</td>`)}<td class="recall"></td></tr>
`;
}

function matrix(given: ClassificationSection): Markup {
  const { classes, counts } = given;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix">
<table class="confusion">
<thead><tr><td class="recall"></td>${classes.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">recall</th></tr></thead>
<tbody>
${counts.map((row, actual) => matrixRow(classes, row, actual))}${precisionRow(given)}</tbody>
</table>
</div>
`;
}

/** Which classes are told apart; absent without rows. Throws SemivaeError unless the counts are square. */
export function classificationSection(given: ClassificationSection | undefined): Markup | undefined {
  for (const row of given ? [given.counts, ...given.counts] : []) {
    checkLength('classification.counts', row, given!.classes);
  }
  const right = given && accuracy(given);
  if (!given || right === undefined) return undefined;
  const rows = count(sum(given.counts.map(sum)));
  return section(
    'Classes',
    `${percent(right)} of ${rows} ${given.rows} got their own class. Down: the class it is; across: the class it was called; shade: share of its row.`,
    matrix(given),
  );
}
