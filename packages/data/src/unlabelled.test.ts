import { describe, expect, test } from 'vitest';
import { EVERY_LABEL, unlabelledByte, unlabelledText } from './unlabelled.ts';

const bytes = (counts: Readonly<Record<number, number>>): Uint8Array =>
  Uint8Array.from(Object.entries(counts).flatMap(([label, rows]) => Array<number>(rows).fill(Number(label))));

const three = bytes({ 0: 4, 1: 4, 2: 4 });

describe('the byte that means no label', () => {
  test.each([
    ['255, which is −1', bytes({ 0: 3, 1: 3, 2: 3, 255: 2 }), three, 255],
    ['255 in the test file alone', three, bytes({ 0: 2, 1: 2, 2: 2, 255: 1 }), 255],
    [
      'a last class that most training rows have and no test row',
      bytes({ 0: 3, 1: 3, 2: 3, 3: 90 }),
      three,
      3,
    ],
    ['none among classes alone', three, three, undefined],
    ['none where the last class is rare', bytes({ 0: 30, 1: 30, 2: 30, 3: 9 }), three, undefined],
    [
      'none where labels go up to 255',
      bytes(Object.fromEntries(Array(256).fill(1).entries())),
      three,
      undefined,
    ],
  ])('%s', (_, train, tested, mark) => {
    const found = unlabelledByte(train, tested, 'labels');
    expect(found.mark).toBe(mark);
    expect(found.notes).toHaveLength(mark === undefined ? 0 : 1);
  });

  test('is what was asked, and nothing where every label is a class', () => {
    expect(unlabelledByte(three, three, 'labels', '2').mark).toBe(2);
    expect(unlabelledByte(bytes({ 0: 1, 255: 1 }), three, 'labels', '-1').mark).toBe(255);
    expect(unlabelledByte(bytes({ 0: 3, 1: 3, 255: 9 }), three, 'labels', EVERY_LABEL).mark).toBeUndefined();
    expect(() => unlabelledByte(three, three, 'labels', '7')).toThrow(/no row is marked '7'/);
  });
});

describe('the label of a table that means none', () => {
  const counts = (...labels: string[]) => new Map(labels.map((label) => [label, 5]));
  const of = (labels: ReadonlyMap<string, number>, asked?: string) =>
    unlabelledText(labels, 100, 'a, column y', asked);

  test('is −1 among numbers of classes, and told', () => {
    const { mark, notes } = of(counts('-1', '0', '1', '2'));
    expect(mark).toBe('-1');
    expect(notes[0]).toMatch(/5 of 100 training rows are marked -1.*--unlabelled none/);
  });

  test.each([[counts('-1', '1')], [counts('-1', 'a', 'b')], [counts('-2', '-1', '0', '1')]])(
    'is not −1 among %o',
    (labels) => expect(of(labels).mark).toBeUndefined(),
  );

  test('is asked for where a word may mean it', () => {
    const { mark, notes } = of(counts('spam', 'ham', 'Unknown'));
    expect(mark).toBeUndefined();
    expect(notes[0]).toMatch(/'Unknown' is taken for a class.*--unlabelled Unknown/);
    expect(of(counts('spam', 'ham', 'Unknown'), 'Unknown')).toEqual({ mark: 'Unknown', notes: [] });
  });
});
