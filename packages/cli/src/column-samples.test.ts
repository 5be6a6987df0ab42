import { samplesOf } from '@semivae/data';
import { compareColumn } from '@semivae/statistics';
import { expect, test } from 'vitest';
import { gather, keptSample } from './column-samples.ts';

const rate = { name: 'rate', kind: 'count', centre: 0, scale: 1, likelihood: 'poisson' } as const;
const code = { name: 'code', kind: 'categorical', levels: [1, 2], rare: [], shares: [0.5, 0.5, 0] } as const;
const word = { name: 'word', kind: 'categorical', levels: ['a'], rare: [], shares: [1, 0] } as const;

const cells = {
  rate: Float64Array.from([0.12345678912345, 0.12345678912345, Number.NaN, 7]),
  code: Float64Array.from([1, 2, 2, Number.NaN]),
  word: ['a', '', '__proto__', 'a'],
};

test('the rows that were kept, gathered again, are those that were kept', () => {
  const kept = samplesOf({ kind: 'table', columns: [rate, code, word] }, cells);
  for (const stored of kept) {
    const gathered = gather(stored);
    gathered.add(cells[stored.name as keyof typeof cells]);
    const { distance, populationStability, missing, unseen } = compareColumn(
      keptSample(stored),
      gathered.sample(),
    );
    expect([distance, populationStability, missing.fresh]).toEqual([0, 0, missing.reference]);
    expect(unseen?.levels ?? []).toEqual([]);
  }
});

test('moments whose trend is left out do not drift by being later, and do by another hour', () => {
  const when = { name: 'when', kind: 'timestamp', centre: 0, scale: 1, parts: ['day', 'week'] } as const;
  const hour = 3_600_000;
  const working = Float64Array.from({ length: 400 }, (_, i) => 1.7e12 + (i * 24 + (i % 8)) * hour);
  const [stored] = samplesOf({ kind: 'table', columns: [when] }, { when: working });
  const verdictOf = (cells: Float64Array) => {
    const gathered = gather(stored!);
    gathered.add(cells);
    return compareColumn(keptSample(stored!), gathered.sample()).verdict;
  };
  expect(verdictOf(working.map((each) => each + 52 * 168 * hour))).toBe('none');
  expect(verdictOf(working.map((each) => each + (52 * 168 + 10) * hour))).not.toBe('none');
  const day = samplesOf({ kind: 'table', columns: [{ ...when, parts: ['day'] }] }, { when: working })[0]!;
  const nights = gather(day);
  nights.add(working.map((each) => each + 12 * hour));
  expect(compareColumn(keptSample(day), nights.sample()).verdict).toBe('strong');
});
