import { SemivaeError } from '@semivae/runtime/core';
import { compareColumn, compareColumns } from '@semivae/statistics';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { month, monthScores } from '../../statistics/test/months.ts';
import { digitsReport, payments } from '../test/examples.ts';
import { driftPage } from './drift/page.ts';
import type { ReportData } from './report.ts';
import { reportPage } from './report-page.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';
const HOSTILE = `"><script>alert('x')</script><img src=https://example.org/x onerror=alert(1)>&lt;`;

const digits = digitsReport(PNG);

const drift = {
  name: 'Payments',
  data: 'april.parquet',
  ...compareColumns(month(false, 3), month(true, 4)),
  score: compareColumn(monthScores(false, 5), monthScores(true, 6)),
};

const pages: Readonly<Record<string, () => string>> = {
  'a table with labels': () => reportPage(payments),
  images: () => reportPage(digits),
  'a name alone': () => reportPage({ name: 'empty' }),
  drift: () => driftPage(drift),
  'no columns': () => driftPage(compareColumns([], [])),
};

const read = (text: string) => parseHTML(text).document;
const headings = (text: string) =>
  [...read(text).querySelectorAll('h2')].map((heading) => heading.textContent);

describe.each(Object.entries(pages))('%s', (_, make) => {
  const text = make();
  const document = read(text);

  test('is well formed: all stands in main, in order, and ends in its footer', () => {
    expect([...document.body.children].map(({ localName }) => localName)).toEqual(['main']);
    const kinds = [...document.querySelector('main')!.children].map(({ localName }) => localName);
    expect(kinds[0]).toBe('header');
    expect(kinds.at(-1)).toBe('footer');
    expect(new Set(kinds.slice(1, -1)).size).toBeLessThanOrEqual(1);
  });

  test('loads nothing and runs nothing', () => {
    expect(document.querySelectorAll('script, link, iframe, object, base, a[href]')).toHaveLength(0);
    expect(text).not.toMatch(/https?:|url\(|@import|\son\w+=/);
    for (const image of document.querySelectorAll('[src]'))
      expect(image.getAttribute('src')).toMatch(/^data:/);
    const policy = document.querySelector('[http-equiv="Content-Security-Policy"]')!;
    expect(policy.getAttribute('content')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    );
  });

  test('every picture says what it shows, and every table has heads', () => {
    for (const svg of document.querySelectorAll('svg')) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')).toBeTruthy();
    }
    const heads = document.querySelectorAll('table:not(.contributions)');
    for (const table of heads) expect(table.querySelector('th[scope]')).not.toBeNull();
  });

  test('no number went wrong', () => {
    expect(text).not.toMatch(/NaN|undefined|\[object/);
    expect(document.querySelector('main')!.textContent).not.toMatch(/Infinity|null/);
  });

  test('is the same each time', () => expect(make()).toBe(text));
});

describe('the report', () => {
  test('shows what it is given, and nothing of what it is not', () => {
    expect(headings(reportPage(payments))).toEqual([
      'Top anomalies',
      'Scores',
      'Detection, test rows',
      'Calibration',
      'Classes',
      'Latent space',
      'Training',
      'Columns',
    ]);
    expect(headings(reportPage(digits))).toEqual(['Classes', 'Latent space', 'Samples']);
    expect(headings(reportPage({ name: 'empty' }))).toEqual([]);
  });

  test('is left out where a section is there but empty', () => {
    const empty: ReportData = {
      name: 'empty',
      curves: [{ title: 'Loss', along: 'epoch', series: [{ name: 'loss', points: [[1, null]] }] }],
      scores: { samples: [{ rows: 'rows', scores: [] }], threshold: 1 },
      calibration: { rows: 'rows', pValues: [] },
      classification: { rows: 'rows', classes: ['a'], counts: [[0]] },
      anomalies: { rows: 'rows', list: [] },
      latent: { rows: 'rows', means: [[1, 2]] },
      columns: [],
    };
    expect(headings(reportPage(empty))).toEqual([]);
  });

  test('figures agree with the rows they are of', () => {
    const scores = [1, 2, 3, 4, 5, 6];
    const anomalous = [false, false, true, null, false, true];
    const text = reportPage({
      name: 'few',
      scores: { threshold: 2.5, samples: [{ rows: 'rows', scores, anomalous }] },
    });
    const said = read(text).querySelector('main')!.textContent!.replaceAll('\u00a0', ' ');
    expect(said).toContain('66.7 % score above the threshold');
    expect(said).toContain('3 rows would be called anomalous: 2 rightly, 1 wrongly');
    expect(said).toContain('area under ROC, rows0.833');
  });

  test('labels of one kind judge nothing', () => {
    const samples = [{ rows: 'rows', scores: [1, 2], anomalous: [false, null] }];
    expect(headings(reportPage({ name: 'one kind', scores: { samples } }))).toEqual(['Scores']);
  });

  test('says which values are not drawn', () => {
    const scores = [1, 2, Number.NaN, Number.POSITIVE_INFINITY];
    expect(reportPage({ name: 'n', scores: { samples: [{ rows: 'rows', scores }] } })).toContain(
      'score: 2 rows.',
    );
  });

  test('shows raw values, missing ones, and why a column is not used', () => {
    const said = read(reportPage(payments)).querySelector('main')!.textContent!;
    for (const shown of [
      '18250.5',
      'missing',
      'distance_from_home_km',
      'not used: every row has its own value',
    ]) {
      expect(said).toContain(shown);
    }
  });

  test.each<[string, Partial<ReportData>]>([
    [
      'a matrix that is not square',
      { classification: { rows: 'r', classes: ['a', 'b'], counts: [[1, 2], [3]] } },
    ],
    ['labels for other rows', { scores: { samples: [{ rows: 'r', scores: [1, 2], anomalous: [true] }] } }],
    [
      'labels for other points',
      {
        latent: {
          rows: 'r',
          means: [
            [1, 2],
            [3, 4],
          ],
          labels: ['a'],
        },
      },
    ],
    ['points of two lengths', { latent: { rows: 'r', means: [[1, 2], [3]] } }],
    ['a picture from elsewhere', { samples: { image: 'https://example.org/x.png', caption: '' } }],
    ['a picture with more in it', { samples: { image: `${PNG}" onload="x`, caption: '' } }],
  ])('%s is refused', (_, part) => {
    expect(() => reportPage({ name: 'wrong', ...part })).toThrow(SemivaeError);
  });

  test('large data make a page that can be opened', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 100_003) / 7);
    const anomalous = many.map((_, i) => i % 9 === 0);
    const text = reportPage({
      name: 'many',
      scores: { samples: [{ rows: 'rows', scores: many, anomalous }] },
    });
    expect(text.length).toBeLessThan(500_000);
  });
});

/** `data` with every text in it replaced. */
const spoilt = <T>(data: T): T =>
  JSON.parse(JSON.stringify(data), (key, value) =>
    typeof value === 'string' && !['kind', 'verdict', 'image', 'problem'].includes(key)
      ? `${HOSTILE}${value}`
      : value,
  );

describe.each([
  ['report', () => reportPage({ ...spoilt(payments), samples: { image: PNG, caption: HOSTILE } })],
  ['digits', () => reportPage(spoilt(digits))],
  ['drift', () => driftPage(spoilt({ ...drift, extraColumns: ['new'] }))],
])('hostile names in the %s', (_, make) => {
  const document = read(make());

  test('stay text', () => {
    expect(document.querySelectorAll('script, [onerror], img:not([src^="data:"])')).toHaveLength(0);
    expect(document.querySelector('h1')!.textContent).toContain("<script>alert('x')</script>");
    const marked = [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes]);
    expect(marked.filter(({ name }) => name.startsWith('on'))).toEqual([]);
  });
});

describe('the drift page', () => {
  const document = read(driftPage(drift));

  test('opens with its verdict', () => {
    const banner = document.querySelector('header .banner')!.textContent!;
    expect(banner).toContain('5 of 8 columns drift: 3 strongly, 2 slightly.');
    expect(banner).toContain('The anomaly score drifts slightly');
  });

  test('has a row for each column and a picture for each that drifts', () => {
    expect(document.querySelectorAll('table.drift tbody tr')).toHaveLength(8);
    expect(document.querySelectorAll('.pictures.small figure')).toHaveLength(5);
  });

  test('says so where nothing drifts', () => {
    const same = read(driftPage(compareColumns(month(false, 3), month(false, 8))));
    expect(same.querySelector('.banner')!.textContent).toContain('No drift found in 8 columns.');
    expect(same.querySelectorAll('svg')).toHaveLength(0);
  });

  test('says of a column that is gone that it is not in the new data', () => {
    const text = driftPage(compareColumns(month(false, 3), month(true, 4).slice(1)));
    expect(text).toContain('not in the new data');
  });
});
