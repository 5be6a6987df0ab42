/** The look of every page: one column of text, pictures side by side where there is room, light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --raised: #f6f6f4; --ink: #1d1d1b; --soft: #5f5f5a; --faint: #a8a8a2; --line: #e2e2dd;
  --blue: #0a6aa8; --orange: #c4520a; --grey: #8a8a84; --green: #1d7a57;
  --series-0: #0a6aa8; --series-1: #c4520a; --series-2: #1d8a63; --series-3: #b0538f; --series-4: #a67c00;
  --series-5: #3fa3d6; --series-6: #6b4fa0; --series-7: #7a5230; --series-8: #8fa322; --series-9: #6f7378;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #161616; --raised: #202020; --ink: #ecebe6; --soft: #a5a49d; --faint: #6d6c67; --line: #343431;
    --blue: #5cb3ec; --orange: #f08c4a; --grey: #8d8c86; --green: #4cc397;
    --series-0: #5cb3ec; --series-1: #f08c4a; --series-2: #45c295; --series-3: #dd8bc0; --series-4: #e0b840;
    --series-5: #a5dcff; --series-6: #ab93e0; --series-7: #bf9168; --series-8: #c6da5c; --series-9: #a4a8ad;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 62rem; margin: 0 auto; padding: 3.5rem 1.5rem 4rem; }
h1, h2 { font-family: Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif; text-wrap: balance; }
h1 { font-size: 2.25rem; line-height: 1.15; font-weight: 600; letter-spacing: -0.01em; margin: 0 0 0.5rem; }
h2 { font-size: 1.35rem; line-height: 1.25; font-weight: 600; margin: 0 0 0.35rem; }
h3 { font-size: 0.875rem; line-height: 1.35; font-weight: 600; margin: 0 0 0.25rem; }
p { margin: 0 0 1rem; max-width: 44rem; }
.lead { font-size: 1.05rem; color: var(--soft); }
.kicker { margin: 0 0 0.6rem; font-size: 0.8rem; color: var(--soft); }
section { margin-top: 3.25rem; padding-top: 1.1rem; border-top: 1px solid var(--line); }
section > p { color: var(--soft); }
.scroll + p { margin-top: 1rem; }
dl.facts {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.9rem 2rem; margin: 1.75rem 0 0;
}
dl.facts .wide { grid-column: 1 / -1; }
dt { font-size: 0.8rem; color: var(--soft); }
dd { margin: 0; }
dl.figures { display: flex; flex-wrap: wrap; gap: 1.1rem 3rem; margin: 2rem 0 0; }
dl.figures > div { display: flex; flex-direction: column-reverse; }
dl.figures dd { font-size: 1.9rem; line-height: 1.15; font-weight: 500; letter-spacing: -0.015em; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 2rem 2.5rem; }
.pictures.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17.5rem), 1fr)); }
.pictures > * { min-width: 0; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
.pictures > figure:only-child { max-width: 36rem; }
figure svg { color: var(--soft); display: block; width: 100%; max-width: 36rem; height: auto; overflow: hidden; }
.wide svg { max-width: 46rem; }
figure img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; }
figcaption { margin-top: 0.4rem; font-size: 0.8rem; line-height: 1.45; color: var(--soft); max-width: 40rem; }
ul.keys {
  display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin: 0 0 0.35rem; padding: 0; list-style: none;
  font-size: 0.8rem; color: var(--soft);
}
ul.keys i { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.45em; border-radius: 2px; }
ul.keys b { font-weight: 600; color: var(--ink); }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; line-height: 1.4; }
th, td { max-width: 20rem; overflow-wrap: break-word; padding: 0.45rem 1.1rem 0.45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { font-size: 0.8rem; font-weight: 500; color: var(--soft); vertical-align: bottom; border-bottom-color: var(--faint); }
tbody th { font-weight: 500; min-width: 6rem; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.soft { color: var(--soft); }
.missing-value { color: var(--soft); font-style: italic; }
tr.unused th, tr.unused td { color: var(--soft); }
.bar { display: inline-block; width: 3.5rem; height: 0.5em; margin-left: 0.6em; background: var(--line); border-radius: 1px; }
.bar > i { display: block; height: 100%; background: var(--grey); border-radius: 1px; }
table.drift td:last-child { min-width: 11rem; }
table.narrow td { white-space: nowrap; }
table.narrow { width: auto; min-width: min(100%, 24rem); }
table.confusion { width: auto; border-collapse: separate; border-spacing: 2px; }
table.confusion th, table.confusion td { border: 0; padding: 0.35rem 0.6rem; text-align: right; min-width: 2.6rem; }
table.confusion tbody th { text-align: right; }
table.confusion thead th { text-align: right; }
table.confusion td { background: color-mix(in srgb, var(--orange) calc(var(--share) * 85%), var(--raised)); border-radius: 2px; }
table.confusion td.right { background: color-mix(in srgb, var(--blue) calc(var(--share) * 45%), var(--raised)); }
table.confusion td.recall { background: none; color: var(--soft); }
table.contributions { table-layout: fixed; min-width: 27rem; font-size: 0.8125rem; }
table.contributions td { overflow-wrap: anywhere; }
table.contributions td { border: 0; padding: 0.05rem 0.8rem 0.05rem 0; vertical-align: top; }
table.contributions td:nth-child(1) { width: 36%; }
table.contributions td:nth-child(2) { width: 30%; color: var(--soft); }
table.contributions .amount { display: flex; align-items: center; gap: 0.5rem; white-space: nowrap; min-width: 8rem; }
table.contributions .amount span { order: 1; }
table.contributions .amount i { height: 0.65em; background: var(--orange); border-radius: 1px; flex: none; }
table.contributions .amount i.lowers { background: var(--grey); }
.verdict { white-space: nowrap; font-weight: 600; }
.verdict::before { content: ""; display: inline-block; width: 0.6em; height: 0.6em; margin-right: 0.5em; border-radius: 50%; border: 1.5px solid var(--grey); }
.verdict.slight::before { border-color: var(--orange); background: linear-gradient(90deg, var(--orange) 50%, transparent 50%); }
.verdict.strong::before { border-color: var(--orange); background: var(--orange); }
.verdict.none { font-weight: 400; color: var(--soft); }
.banner { margin: 1.75rem 0 0; padding: 1rem 1.25rem; background: var(--raised); border-left: 4px solid var(--grey); max-width: none; }
.banner.slight, .banner.strong { border-left-color: var(--orange); }
.banner p { margin: 0; max-width: 50rem; }
.banner p + p { margin-top: 0.35rem; color: var(--soft); }
.banner strong { font-size: 1.15rem; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 0.8rem; color: var(--soft); }
@media (max-width: 34rem) {
  main { padding: 2rem 1rem 3rem; }
  h1 { font-size: 1.7rem; }
  dl.facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.8rem 1.25rem; }
  dl.figures { gap: 1rem 2rem; }
  dl.figures dd { font-size: 1.5rem; }
  .wide svg text { font-size: 17px; }
  table.anomalies > thead { display: none; }
  table.anomalies > tbody > tr { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
  table.anomalies > tbody > tr > * { border: 0; padding: 0; text-align: left; min-width: 0; overflow-wrap: anywhere; }
  table.anomalies > tbody > tr > th, table.anomalies > tbody > tr > td:last-child { flex: 0 0 100%; max-width: none; }
  table.anomalies > tbody > tr > td:not(:last-child)::before { content: attr(data-head) " "; color: var(--soft); }
  table.anomalies > tbody > tr > td:empty { display: none; }
  table.contributions { min-width: 0; }
}
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.75rem; }
  h2, h3, section > p { break-after: avoid; }
  tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  .pictures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .pictures.small { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
`;
