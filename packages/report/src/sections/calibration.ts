import { areaY, dot, lineY, link } from '@observablehq/plot';
import { COLOURS, chart, picture, thinned } from '../chart.ts';
import { count, counted, percent } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { section, table } from '../page.ts';
import type { CalibrationSection } from '../report.ts';

const RATES = [0.01, 0.02, 0.05, 0.1, 0.2] as const;
const STEPS = 100;
/** Standard deviations to either side that hold 95 % of a normal distribution. */
const BAND = 1.96;

interface Rate {
  readonly expected: number;
  readonly observed: number;
  readonly low: number;
  readonly high: number;
}

/** Spread of an observed rate, from the rows judged and from those that they were ranked among. */
const spread = (rate: number, rows: number, among: number | undefined): number =>
  BAND * Math.sqrt(rate * (1 - rate) * (1 / rows + (among ? 1 / among : 0)));

function rates(pValues: readonly number[], among: number | undefined, at: readonly number[]): Rate[] {
  return at.map((expected) => {
    const margin = spread(expected, pValues.length, among);
    return {
      expected,
      observed: pValues.filter((pValue) => pValue <= expected).length / pValues.length,
      low: Math.max(0, expected - margin),
      high: Math.min(1, expected + margin),
    };
  });
}

const RATE = { domain: [0, 1], tickFormat: '~%', ticks: 5, labelArrow: 'none' } as const;

const hover = ({ expected, observed }: Rate): string =>
  `promised ${percent(expected)}, observed ${percent(observed)}`;

function curve(curveRates: readonly Rate[]): Markup {
  const drawing = chart('Observed against promised false-alarm rate', {
    height: 360,
    x: { ...RATE, label: 'promised false-alarm rate', labelAnchor: 'center' },
    y: { ...RATE, label: 'observed false-alarm rate', grid: true },
    marks: [
      areaY(curveRates, { x: 'expected', y1: 'low', y2: 'high', fill: COLOURS.grey, fillOpacity: 0.22 }),
      link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: COLOURS.faint, strokeDasharray: '4 3' }),
      lineY(curveRates, { x: 'expected', y: 'observed', stroke: COLOURS.blue, strokeWidth: 2 }),
      dot(thinned(curveRates, 60), {
        x: 'expected',
        y: 'observed',
        r: 5,
        fill: COLOURS.blue,
        fillOpacity: 0,
        title: hover,
      }),
    ],
  });
  const keys = [
    { colour: COLOURS.blue, name: 'observed' },
    { colour: COLOURS.grey, name: 'where 95 % of exact calibrations lie, at each rate' },
  ];
  return picture('Promised and observed', drawing, { keys });
}

const within = ({ observed, low, high }: Rate): boolean => observed >= low && observed <= high;

const rateTable = (listed: readonly Rate[]): Markup =>
  table(
    'False-alarm rates',
    [
      { head: 'promised', number: true },
      { head: 'observed', number: true },
      { head: 'chance allows', number: true },
      { head: '' },
    ],
    listed.map((rate) => ({
      cells: [
        percent(rate.expected),
        percent(rate.observed),
        `${percent(rate.low)} – ${percent(rate.high)}`,
        within(rate) ? 'as promised' : rate.observed > rate.high ? 'more alarms' : 'fewer alarms',
      ],
    })),
    'narrow',
  );

/** Whether p-values of normal rows keep the false-alarm rate that they promise; absent without p-values. */
export function calibrationSection(calibration: CalibrationSection | undefined): Markup | undefined {
  const pValues = (calibration?.pValues ?? []).filter(Number.isFinite);
  if (!calibration || !pValues.length) return undefined;
  const among = calibration.calibrationRows;
  const ranked = among === undefined ? '' : `, ranked among ${counted(among, 'calibration score')}`;
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS);
  return section(
    'Calibration',
    `Calling rows with a p-value of at most α anomalous should raise a false alarm on a share α of the normal rows. ` +
      `This is what happened on ${count(pValues.length)} ${calibration.rows}${ranked}.`,
    html`<div class="pictures">${curve(rates(pValues, among, steps))}<div>${rateTable(rates(pValues, among, RATES))}</div></div>`,
  );
}
