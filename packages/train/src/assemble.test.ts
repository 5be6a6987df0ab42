import { leavesOf } from '@semivae/graph';
import type { Columns } from '@semivae/model';
import { parseRecipe, type RecipeInput } from '@semivae/recipe';
import { describe, expect, test } from 'vitest';
import { assemble, type DataShape } from './assemble.ts';

const image: Columns = { kind: 'image', width: 8, height: 6, channels: 1 };
const shape: DataShape = { columns: image, classes: 3, rows: 100 };
const table: Columns = {
  kind: 'table',
  columns: [{ name: 'a', kind: 'binary', levels: [0, 1], share: 0.5 }],
};

const small: RecipeInput = {
  name: 'small',
  data: { labels: 9 },
  model: { latent: 2, hidden: [4], classifier: { channels: [2, 3], hidden: [5] } },
  batch: { labelled: 3, unlabelled: 5 },
};
const shift = { augmentation: { shift: 1 } };
const stepOf = (more: RecipeInput, of = shape) => assemble(parseRecipe({ ...small, ...more }), of).step;
const inputsOf = (more: RecipeInput): string[] =>
  leavesOf([stepOf(more).objective.loss], 'input')
    .map(({ leaf }) => leaf.name)
    .sort();

const codeOf = (work: () => unknown): { code?: string; message?: string } => {
  try {
    work();
    return {};
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe('a step is fed moved rows', () => {
  const plain = ['labelled/x', 'labelled/y', 'unlabelled/x'];

  test('only where images are moved', () => expect(inputsOf({})).toEqual(plain));

  test('without labels only where something is learned from them', () => {
    const labelled = ['labelled/moved/x', ...plain];
    expect(inputsOf(shift)).toEqual(labelled);
    const all = [...labelled, 'unlabelled/moved/x'].sort();
    expect(inputsOf({ ...shift, objective: { consistency: { weight: 1 } } })).toEqual(all);
    expect(inputsOf({ ...shift, objective: { pseudoLabels: { weight: 1 } } })).toEqual(all);
  });

  test('not where noise stands in for moves, which is drawn anew for the same rows', () => {
    const noisy = { objective: { inputNoise: 0.1, consistency: { weight: 1 } } };
    expect(inputsOf(noisy)).toEqual(plain);
    const drawn = leavesOf([stepOf(noisy).objective.loss], 'noise').map(({ leaf }) => leaf.name);
    expect(drawn).toContain('unlabelled/noise(shown)');
    expect(drawn).toContain('unlabelled/moved/noise(shown)');
    expect(drawn.filter((name) => name === 'labelled/noise(shown)')).toHaveLength(1);
  });

  const taught = { ...shift, objective: { consistency: { weight: 1, teacher: 'average' } } } as const;

  test('and the running means of the classifier, where they teach', () => {
    const { objective, state } = stepOf({ ...taught, optimizer: { average: 0.9 } });
    const kept = state.filter(({ name }) => name.startsWith('average/'));
    const read: readonly unknown[] = leavesOf([objective.loss], 'input');
    const teaching = kept.filter(({ leaf }) => read.includes(leaf)).map(({ name }) => name);
    expect(teaching).toEqual(kept.map(({ name }) => name).filter((name) => name.includes('q(y|x)')));
    expect(teaching.length).toBeGreaterThan(5);
  });

  test('whose statistics are those that ship', () => {
    const { outputs } = stepOf({ ...taught, optimizer: { average: 0.9 } }).forward;
    const found = Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith('found/') ? [value] : [],
    );
    expect(found).toHaveLength(6);
    expect(leavesOf(found, 'parameter')).toEqual([]);
    expect(leavesOf(found, 'input').map(({ leaf }) => leaf.name)).not.toContain('unlabelled/moved/x');
  });

  test('which must be kept', () => {
    const { code, message } = codeOf(() => stepOf(taught));
    expect(code).toBe('TEACHER_MISSING');
    expect(message).toMatch(/recipe small, objective\.consistency\.teacher.*optimizer\.average/s);
  });

  test('and labelled rows as they are only where there is a bound of them', () => {
    expect(inputsOf({ ...shift, objective: { boundWeight: 0, entropy: 1 } })).toEqual([
      'labelled/moved/x',
      'labelled/y',
      'unlabelled/x',
    ]);
    expect(inputsOf({ ...shift, objective: { kind: 'supervised' } })).toEqual([
      'labelled/moved/x',
      'labelled/y',
    ]);
  });
});

describe('augmentation is refused', () => {
  test.each([
    ['of a table', { ...shift, model: {} }, { ...shape, columns: table }, /table cannot be moved/],
    [
      'without a classifier',
      { ...shift, data: { labels: 0 }, model: { kind: 'm1' } },
      shape,
      /m1 has no classifier/,
    ],
    [
      'by nothing, where it counts',
      { objective: { consistency: { weight: 1 } } },
      shape,
      /consistency counts/,
    ],
  ] as const)('%s', (_, more, of, says) => {
    const { code, message } = codeOf(() => stepOf(more as RecipeInput, of));
    expect(code).toBe('AUGMENTATION');
    expect(message).toMatch(says);
  });

  test('a classifier of convolutions is not for tables', () => {
    expect(codeOf(() => stepOf({}, { ...shape, columns: table })).code).toBe('MODEL_FOR_IMAGES');
  });
});
