import { expect, test } from 'vitest';
import { input, print } from '@semivae/graph';
import { m1, m2, known } from '@semivae/model';
import { iwae, elbo, summedOver } from '../packages/train/src/bounds.ts';
import { semiSupervised, unsupervised } from '../packages/train/src/objectives.ts';
import { adam, warmupAndDecay } from '../packages/train/src/optimizers.ts';
import { trainingStep } from '../packages/train/src/step.ts';
import { writeFileSync } from 'node:fs';
test('x', () => {
  const a = m1({ x: 6, latent: 2, hidden: [4] });
  const s1 = trainingStep('m1', unsupervised(a, known({ x: input('x', [5, 6]) }, [5])), adam({ learningRate: 1e-3 }));
  writeFileSync('/tmp/h/m1.txt', print(s1.graph));
  const m = m2({ x: 6, classes: 3, latent: 2, hidden: [4] });
  const s2 = trainingStep('m2', semiSupervised(m, known({ x: input('labelled/x', [5, 6]), y: input('labelled/y', [5, 3]) }, [5], 'labelled/'), known({ x: input('unlabelled/x', [7, 6]) }, [7], 'unlabelled/'), {alpha: 0.1}), adam({ learningRate: 1e-3 , clipNorm:1, weightDecay:.01, schedule: warmupAndDecay({steps:100,warmup:10,decay:.5,floor:.1})}));
  writeFileSync('/tmp/h/m2.txt', print(s2.graph));
});
