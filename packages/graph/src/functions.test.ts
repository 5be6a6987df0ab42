import { describe, expect, test } from 'vitest';
import { clip, logGamma, signedLog } from './functions.ts';
import { gradients } from './gradients.ts';
import { constant, input } from './leaves.ts';
import { cast } from './ops/elementwise.ts';
import { sum } from './ops/reduce.ts';
import { interpret, tensor } from './reference.ts';

const computed = (of: typeof signedLog, ...at: number[]): number[] => {
  const [found] = interpret([of(input('a', [at.length], 'float64'))], {
    a: tensor([at.length], (i) => at[i]!),
  });
  return Array.from(found!.data);
};

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

describe('log Γ', () => {
  test('of whole numbers is the logarithm of a factorial', () => {
    const wholes = Array.from({ length: 20 }, (_, i) => i + 1);
    computed(logGamma, ...wholes).forEach((found, i) =>
      expect(Math.abs(found - Math.log(factorial(i)))).toBeLessThan(3e-8),
    );
  });

  test('of ½ is log √π', () => {
    expect(computed(logGamma, 0.5)[0]).toBeCloseTo(Math.log(Math.PI) / 2, 7);
  });

  test('grows by log a from a to a + 1', () => {
    const places = [1e-3, 0.01, 0.3, 1.5, 2.5, 7, 40, 1e3, 1e6];
    const [here, next] = [computed(logGamma, ...places), computed(logGamma, ...places.map((a) => a + 1))];
    places.forEach((a, i) =>
      expect(Math.abs(next[i]! - here[i]! - Math.log(a)), `${a}`).toBeLessThan(
        3e-8 * Math.max(1, Math.abs(here[i]!)),
      ),
    );
  });
});

test('a signed logarithm is odd, and has slope 1 at 0', () => {
  const [below, zero, above] = computed(signedLog, 1 - Math.E, 0, Math.E - 1);
  expect([below, above]).toEqual([-above!, expect.closeTo(1, 12)]);
  expect(zero).toBe(0);
  const a = input('a', []);
  const [slope] = interpret(gradients(signedLog(a), [a]), { a: tensor([], () => 0) });
  expect(slope!.data[0]).toBe(1);
});

test('what is clipped has slope 1 within its limits, theirs included, and 0 outside', () => {
  const a = input('a', [5]);
  const at = { a: tensor([5], (i) => i - 2) };
  const [slope] = interpret(gradients(sum(clip(a, -1, 1)), [a]), at);
  expect(Array.from(slope!.data)).toEqual([0, 1, 1, 1, 0]);
});

test('numbers beside a float64 value are float64', () => {
  const third = constant(Float64Array.of(1 / 3), []);
  expect(interpret([clip(third, 0.1, 0.2)], {})[0]!.data[0]).toBe(0.2);
  expect(logGamma(cast(third, 'float32')).type).toBe('float32');
  expect(logGamma(third).type).toBe('float64');
});
