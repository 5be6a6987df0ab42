import { describe, expect, test } from 'vitest';
import * as errors from './errors.ts';

const examples: readonly errors.SemivaeError[] = [
  new errors.BundleFileMissing('a'),
  new errors.BundleCorrupt('a', 'b'),
  new errors.BundleTooLarge('a', 1),
  new errors.DownloadTimeout('a', 1),
  new errors.DownloadBroken('a', 'b'),
  new errors.BundleTooNew('a', 2, 1),
  new errors.BundleMalformed('a', 'b'),
  new errors.GraphRefused('a', 'b'),
  new errors.GraphTooLarge('a', 'b'),
  new errors.WeightNotFinite('a', 'b'),
  new errors.InputShape('a', 'b', 'Do so.'),
  new errors.InputType('a', 'b', 'Do so.'),
  new errors.InputNotFinite('a', Number.NaN),
  new errors.LabelUnknown('a', 'b', 'Do so.'),
  new errors.HeadMissing('a', 'classifier', ['encoder']),
  new errors.RuntimeMissing('a', 'b'),
  new errors.SessionRefused('a', 'b'),
  new errors.InsecureContext('a'),
  new errors.ProcessEnded('a', 'b'),
  new errors.Disposed('a'),
  new errors.InputKind('a', 'b', 'Do so.'),
  new errors.ColumnMissing('a', 'Do so.'),
  new errors.ScoreNotFinite('a', Number.NaN),
  new errors.CalibrationMissing('a'),
  new errors.CalibrationForeign('a'),
  new errors.CalibrationTooFew('a', 5, 0.1, 9),
];

describe.each(examples.map((error) => [error.code, error] as const))('%s', (code, error) => {
  test('says what was wrong, where, and what to do', () => {
    expect(error).toBeInstanceOf(errors.SemivaeError);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toMatch(/^a: .+\. [A-Z].+\.$/);
    expect(error.message).toContain(error.remedy);
    expect(String(error)).toContain(code);
  });
});

test('every kind has a code of its own', () => {
  expect(new Set(examples.map(({ code }) => code)).size).toBe(examples.length);
  expect(examples.length).toBe(Object.keys(errors).length - 1);
});

test('a cause is kept', () => {
  const cause = new Error('below');
  expect(new errors.RuntimeMissing('a', 'b', { cause }).cause).toBe(cause);
});
