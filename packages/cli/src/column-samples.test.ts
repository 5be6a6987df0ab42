import { compareColumn } from '@semivae/report';
import { samplesOf } from '@semivae/train';
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
