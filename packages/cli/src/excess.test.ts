import type { StoredSample } from '@semivae/data';
import type { Calibration } from '@semivae/runtime';
import { describe, expect, test } from 'vitest';
import { excessInWords, openWatch } from './excess.ts';

const scores = Array.from({ length: 400 }, (_, i) => i);
const calibration: Calibration = { rows: 400, fpr: 0.01, threshold: 396, scores, data: 'rows' };
const numbers = scores.map((each) => each / 400);

const reference: readonly StoredSample[] = [
  { name: 'steady', kind: 'number', rows: 400, missing: 0, numbers },
  { name: 'moved', kind: 'number', rows: 400, missing: 0, numbers },
  { name: 'shop', kind: 'level', rows: 400, missing: 0, levels: { north: 200, south: 200 } },
];

/** Rows in chunks, of which `alarms` are anomalies; what was seen in the first column, by the second and third as they now are. */
async function watched(rows: number, alarms: number, shift = 0, known = reference) {
  const watch = openWatch(calibration, 0.01, rows, known);
  const at = Float64Array.from({ length: rows }, (_, i) => ((i * 7919) % 400) / 400);
  for (let start = 0; start < rows; start += 500) {
    const steady = at.slice(start, start + 500);
    const columns = {
      steady,
      moved: steady.map((each) => each + shift),
      shop: Array.from(steady, (_, i) => (i % 2 ? 'north' : shift ? 'west' : 'south')),
    };
    const more = Math.max(0, Math.min(steady.length, alarms - start));
    watch.add({ start, rows: steady.length, columns }, more);
  }
  return watch.excess();
}

describe('alarms', () => {
  test.each([
    [0, 300],
    [10, 1000],
    [1, 1],
    [30, 2000],
  ])('that chance explains are no excess: %d of %d rows', async (alarms, rows) => {
    expect(await watched(rows, alarms)).toBeUndefined();
  });

  test('far beyond the promise name what has changed most, and only that', async () => {
    const excess = await watched(2000, 900, 0.7);
    expect(excess).toMatchObject({ expected: expect.closeTo(20, 0) });
    expect(excess!.pValue).toBeLessThan(1e-9);
    expect(excess!.drifted!.map(({ name }) => name).sort()).toEqual(['moved', 'shop']);
    const words = excessInWords(excess!, { alarms: 900, rows: 2000, fpr: 0.01 }).join('\n');
    expect(words).toMatch(/45(\.0+)? % .* where 1 % was promised/);
    expect(words).toMatch(/changed most: (moved|shop).*strong/);
    expect(words).not.toContain('steady');
  });

  test('far beyond the promise are told where no column by itself has changed, or nothing is known of them', async () => {
    expect(await watched(2000, 900)).toMatchObject({ drifted: [] });
    const unknown = await watched(2000, 900, 0, []);
    expect(unknown).toMatchObject({ expected: expect.any(Number) });
    expect(unknown).not.toHaveProperty('drifted');
  });
});
