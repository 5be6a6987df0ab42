import { input, interpret, mul, observed, parameter, type Tensor } from '@semivae/graph';
import { expect, test } from 'vitest';
import { findingsOf, givenFindings, runningMeans } from './statistics.ts';

const number = (value: number): Tensor => ({ shape: [], data: Float64Array.of(value) });
const kept = parameter('kept', [], { kind: 'constant', value: 7 });
const [a, b] = [input('a', []), input('b', [])];

test('what one step finds twice of a parameter counts as its mean', () => {
  const findings = findingsOf(mul(observed(a, kept), observed(mul(b, 2), kept)));
  expect(findings.map((each) => each.kept)).toEqual([kept]);
  expect(interpret([findings[0]!.found], { a: number(1), b: number(3) })[0]!.data[0]).toBe(3.5);
});

test('the first findings are averaged, their initial value is forgotten; later ones count a hundredth each', () => {
  const [state] = runningMeans(givenFindings(findingsOf(observed(a, kept))));
  const next = (so: number, found: number, step: number) =>
    interpret([state!.next], {
      kept: number(so),
      'found/kept': number(found),
      'adam/step': number(step),
    })[0]!.data[0]!;
  const first = [4, 8, 3];
  expect(first.reduce((so, found, step) => next(so, found, step), 7)).toBeCloseTo(5, 5);
  expect(next(1, 2, 5000)).toBeCloseTo(1.01, 5);
  expect(state!.initial).toEqual({ kind: 'constant', value: 7 });
});
