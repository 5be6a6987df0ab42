import { areaUnderRoc, averagePrecision } from '@semivae/statistics';
import { count, counted, figure, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { facts, headline } from '../page.ts';
import type { ReportData, ScoreSample } from '../report.ts';
import { accuracy } from './classification.ts';
import { judgeable } from './scores.ts';

function labels({ rows, labelled, classes }: ReportData): string | undefined {
  const among = rows === undefined ? '' : ` of ${count(rows)}`;
  const seen =
    labelled === undefined ? undefined : labelled ? `${count(labelled)}${among} rows` : 'none seen';
  const named = classes?.length ? counted(classes.length, 'class', 'classes') : undefined;
  return [seen, named].filter((part) => part !== undefined).join(', ') || undefined;
}

const detection = (sample: ScoreSample): readonly (readonly [string, string])[] => {
  const { scores, anomalous } = judgeable(sample)!;
  return [
    [`area under ROC, ${sample.rows}`, areaUnderRoc(scores, anomalous).toFixed(3)],
    [`average precision, ${sample.rows}`, averagePrecision(scores, anomalous).toFixed(3)],
  ];
};

function headlines({ scores, classification }: ReportData): readonly (readonly [string, string])[] {
  const judged = scores?.samples.filter((sample) => judgeable(sample)).slice(0, 1) ?? [];
  const right = classification && accuracy(classification);
  return [
    ...judged.flatMap(detection),
    ...(right === undefined ? [] : [[`accuracy, ${classification!.rows}`, percent(right)] as const]),
  ];
}

/** What this is: its name, its figures, its facts. */
export function header(data: ReportData): Markup {
  const { name, description, model, rows, seed, version, score } = data;
  return html`<header>
<p class="kicker">semivae report</p>
<h1>${name}</h1>
${description !== undefined && html`<p class="lead">${description}</p>`}
${headline(headlines(data))}
${facts([
  ['Model', model],
  ['Data', data.data],
  ['Training rows', rows === undefined ? undefined : count(rows)],
  ['Labels', labels(data)],
  ['Seed', seed === undefined ? undefined : String(seed)],
  ['Version', version === undefined ? undefined : `semivae ${version}`],
  ...(data.facts ?? []).map(
    (fact) => [fact.name, typeof fact.value === 'number' ? figure(fact.value) : fact.value] as const,
  ),
  ['Score', score],
])}
</header>
`;
}
