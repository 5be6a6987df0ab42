import { normal, uniform } from '../../statistics/test/months.ts';
import type { ReportData } from '../src/index.ts';

const times = <T>(length: number, each: (i: number) => T): T[] => Array.from({ length }, (_, i) => each(i));

const draw = normal(1);
const chance = uniform(2);

const kinds = times(900, (row) => row % 12 === 0);
const rowScores = kinds.map((strange) => (strange ? 31 + 7 * draw() : 14 + 4 * draw() + 3 * chance() ** 2));

const contribution = (column: string, value: string | number | boolean | null, amount: number) => ({
  column,
  value,
  amount,
});

/** A table of card payments with labels for some rows. */
export const payments: ReportData = {
  name: 'Card payments, March',
  description: 'Finds unusual card payments in a table of 14 columns; 500 of its rows are labelled by hand.',
  model: 'M2, mixed columns (Kingma et al. 2014, eq. 2)',
  data: 'payments.parquet',
  rows: 48210,
  labelled: 500,
  classes: ['normal', 'fraud'],
  seed: 7,
  version: '0.1.0',
  score:
    'negative importance-weighted bound on log p(x), 64 draws, in nats; the higher, the stranger the row',
  facts: [
    { name: 'Latent dimensions', value: 12 },
    { name: 'Epochs', value: 60 },
  ],
  curves: [
    {
      title: 'Bound on log p(x)',
      unit: 'nats per row',
      along: 'epoch',
      series: [
        { name: 'training', points: times(60, (i) => [i + 1, -14 - 22 * Math.exp(-i / 6) + 0.12 * draw()]) },
        {
          name: 'validation',
          points: times(60, (i) => [i + 1, -14.6 - 22 * Math.exp(-i / 6.5) + 0.2 * draw()]),
        },
      ],
    },
    {
      title: 'Loss',
      unit: 'nats per row',
      along: 'epoch',
      series: [
        { name: 'loss', points: times(60, (i) => [i + 1, 15 + 24 * Math.exp(-i / 6) + 0.1 * draw()]) },
      ],
    },
    {
      title: 'Classification error',
      unit: '%',
      along: 'epoch',
      series: [
        {
          name: 'validation error',
          points: times(60, (i) => [i + 1, 2.1 + 9 * Math.exp(-i / 9) + 0.15 * draw()]),
        },
        {
          name: 'test error',
          points: times(12, (i) => [5 * (i + 1), 2.4 + 9 * Math.exp((-5 * i) / 9) + 0.15 * draw()]),
        },
      ],
    },
  ],
  scores: {
    unit: 'nats',
    threshold: 25.4,
    falseAlarmRate: 0.01,
    samples: [
      {
        rows: 'calibration rows',
        scores: times(2000, (i) => (i === 3 ? 240 : 14 + 4 * draw() + 3 * chance() ** 2)),
      },
      { rows: 'test rows', scores: rowScores, anomalous: kinds },
    ],
  },
  calibration: {
    rows: 'held-out normal rows',
    pValues: times(1200, () => chance() ** 1.03),
    calibrationRows: 2000,
  },
  classification: {
    rows: 'test rows',
    classes: ['normal', 'fraud'],
    counts: [
      [812, 13],
      [9, 66],
    ],
  },
  anomalies: {
    rows: '48,210 training rows',
    unit: 'nats',
    list: [
      {
        row: 'tx-0041882',
        score: 71.3,
        pValue: 0.0005,
        label: 'fraud',
        contributions: [
          contribution('amount', 18250.5, 31.2),
          contribution('merchant_country', 'KM', 12.4),
          contribution('hour', 3, 6.1),
          contribution('card_present', false, -0.8),
        ],
      },
      {
        row: 'tx-0012007',
        score: 58.9,
        pValue: 0.0005,
        contributions: [
          contribution(
            'merchant_category',
            'antiques, coins, stamps and everything else that nobody else sells',
            22.7,
          ),
          contribution('amount', 0.01, 14.2),
          contribution('previous_declines', 11, 9.9),
        ],
      },
      {
        row: 'tx-0033310',
        score: 49.2,
        pValue: 0.001,
        label: 'normal',
        contributions: [
          contribution('birth_year', null, 17.3),
          contribution('distance_from_home_km', 9412.7, 12.8),
        ],
      },
      {
        row: 'tx-0000934',
        score: 44.8,
        pValue: 0.0015,
        contributions: [contribution('amount', 7400, 15.1), contribution('hour', 4, 5.2)],
      },
    ],
  },
  latent: {
    rows: 'test rows',
    means: kinds.map((strange) =>
      times(12, (i) => (strange && i < 2 ? 2.4 : 0) + draw() * (i < 3 ? 1.4 - 0.3 * i : 0.2)),
    ),
    anomalous: kinds,
  },
  columns: [
    {
      name: 'amount',
      kind: 'number',
      content: '0.01 … 18,250.5',
      transform: 'log, standardised',
      missing: 0,
    },
    { name: 'hour', kind: 'number', content: '0 … 23', transform: 'standardised', missing: 0 },
    {
      name: 'birth_year',
      kind: 'number',
      content: '1928 … 2007',
      transform: 'standardised, with a mask',
      missing: 0.124,
    },
    {
      name: 'merchant_country',
      kind: 'category',
      content: '41 levels',
      transform: 'one-hot of 24 levels and other',
      missing: 0.0002,
    },
    {
      name: 'merchant_category',
      kind: 'category',
      content: '212 levels',
      transform: 'embedded in 8 dimensions',
      missing: 0.031,
    },
    { name: 'card_present', kind: 'boolean', content: '2 levels', transform: 'one-hot', missing: 0 },
    {
      name: 'transaction',
      kind: 'key',
      content: '48,210 levels',
      missing: 0,
      ignored: 'every row has its own value',
    },
    {
      name: 'currency',
      kind: 'category',
      content: '1 level',
      missing: 0,
      ignored: 'every row has the same value',
    },
  ],
};

const digits = times(10, String);

/** Handwritten digits: classes, images, no anomalies. */
export const digitsReport = (image: string): ReportData => ({
  name: 'mnist-m2',
  description: 'Recognises handwritten digits from 100 labelled images.',
  model: 'M2 784-500-50 (Kingma et al. 2014)',
  data: 'MNIST',
  rows: 50000,
  labelled: 100,
  classes: digits,
  seed: 1,
  classification: {
    rows: 'test rows',
    classes: digits,
    counts: digits.map((_, actual) =>
      digits.map((_, called) => (actual === called ? 940 + actual : (actual * 7 + called * 3) % 11)),
    ),
  },
  latent: {
    rows: 'test rows',
    means: times(1500, (i) => times(50, (d) => 0.5 * draw() + (d < 10 && d === i % 10 ? 2.5 + (d % 3) : 0))),
    labels: times(1500, (i) => digits[i % 10]!),
  },
  samples: { image, caption: 'Ten drawings of each digit, from the prior.' },
});
