import { dot, line, link, ruleY } from '@observablehq/plot';
import { areaUnderRoc, averagePrecision, type OperatingPoint, rocCurve } from '@semivae/statistics';
import { COLOURS, chart, picture, thinned } from '../chart.ts';
import { count, counted, figure, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { section } from '../page.ts';
import type { ScoreSample, ScoreSection } from '../report.ts';
import { judgeable } from './scores.ts';

const RATE = { domain: [0, 1], tickFormat: '~%', ticks: 5, labelArrow: 'none' } as const;
const SQUARE = { width: 440, height: 360 } as const;

/** The last point whose threshold is above what scores are called from. */
const atThreshold = (points: readonly OperatingPoint[], threshold: number | undefined): OperatingPoint[] =>
  threshold === undefined ? [] : [points.findLast((point) => point.threshold > threshold)!];

const hover = (point: OperatingPoint): string =>
  `score from ${figure(point.threshold)}: finds ${percent(point.truePositiveRate)}, false alarms ${percent(
    point.falsePositiveRate,
  )}, precision ${percent(point.precision)}`;

const chosen = {
  r: 5,
  fill: COLOURS.ink,
  title: (point: OperatingPoint) => `At the threshold, ${hover(point)}`,
};
const hoverable = { r: 5, fill: COLOURS.blue, fillOpacity: 0, title: hover };

function rocPicture(
  points: readonly OperatingPoint[],
  area: number,
  marked: readonly OperatingPoint[],
): Markup {
  const place = { x: 'falsePositiveRate', y: 'truePositiveRate' } as const;
  const drawing = chart(`ROC curve, area ${area.toFixed(3)}`, {
    ...SQUARE,
    x: { ...RATE, label: 'false alarms among normal rows', labelAnchor: 'center' },
    y: { ...RATE, label: 'anomalies found', grid: true },
    marks: [
      link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: COLOURS.faint, strokeDasharray: '4 3' }),
      line(points, { ...place, stroke: COLOURS.blue, strokeWidth: 2 }),
      dot(points, { ...place, ...hoverable }),
      dot(marked, { ...place, ...chosen }),
    ],
  });
  const note = 'Dashed: chance.';
  return picture(`ROC curve, area ${area.toFixed(3)}`, drawing, { note });
}

function precisionPicture(
  all: readonly OperatingPoint[],
  average: number,
  marked: readonly OperatingPoint[],
  share: number,
): Markup {
  const points = thinned(all.slice(1));
  const place = { x: 'truePositiveRate', y: 'precision' } as const;
  const start = { ...points[0]!, truePositiveRate: 0 };
  const drawing = chart(`Precision by anomalies found, average ${average.toFixed(3)}`, {
    ...SQUARE,
    x: { ...RATE, label: 'anomalies found', labelAnchor: 'center' },
    y: { ...RATE, label: 'precision: alarms that are anomalies', grid: true },
    marks: [
      ruleY([share], { stroke: COLOURS.faint, strokeDasharray: '4 3' }),
      line([start, ...points], { ...place, stroke: COLOURS.blue, strokeWidth: 2, curve: 'step-before' }),
      dot(points, { ...place, ...hoverable }),
      dot(
        marked.filter((point) => point.truePositives + point.falsePositives > 0),
        { ...place, ...chosen },
      ),
    ],
  });
  const note = `Dashed: chance, the share of anomalies (${percent(share)}).`;
  return picture(`Precision and recall, average precision ${average.toFixed(3)}`, drawing, { note });
}

const said = ({
  truePositives,
  falsePositives,
  truePositiveRate,
  falsePositiveRate,
}: OperatingPoint): string =>
  `At the threshold (the dot), ${counted(truePositives + falsePositives, 'row')} would be called anomalous: ` +
  `${count(truePositives)} rightly, ${count(falsePositives)} wrongly. That finds ${percent(truePositiveRate)} of ` +
  `the anomalies, with false alarms on ${percent(falsePositiveRate)} of the normal rows.`;

function judged(sample: ScoreSample, threshold: number | undefined): Markup {
  const { scores, anomalous } = judgeable(sample)!;
  const points = rocCurve(scores, anomalous);
  const marked = atThreshold(points, threshold);
  const positives = anomalous.filter(Boolean).length;
  const lead = `Over ${count(positives)} anomalous and ${count(scores.length - positives)} normal ${sample.rows}. `;
  return section(
    `Detection, ${sample.rows}`,
    [lead, marked.map(said)],
    html`<div class="pictures">
${rocPicture(thinned(points), areaUnderRoc(scores, anomalous), marked)}
${precisionPicture(points, averagePrecision(scores, anomalous), marked, positives / scores.length)}
</div>`,
  );
}

/** How well the score tells known anomalies from normal rows; absent where no sample has both. */
export const detectionSections = (scores: ScoreSection | undefined): readonly Markup[] =>
  (scores?.samples ?? [])
    .filter((sample) => judgeable(sample))
    .map((sample) => judged(sample, scores?.threshold));
