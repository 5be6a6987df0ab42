import { print } from '@semivae/graph';
import { expect, test } from 'vitest';
import { steps } from './models.ts';

const review =
  'A training step computes otherwise than was reviewed. Read the difference; npx vitest run -u test/golden accepts it';

test.each(Object.entries(steps))(
  'the training step of %s is the one that was reviewed',
  async (name, step) => {
    await expect(print(step.graph), review).toMatchFileSnapshot(`golden/${name}.txt`);
  },
);
