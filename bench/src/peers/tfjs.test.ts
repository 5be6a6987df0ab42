import { digits } from '@semivae/data';
import type { Tensors } from '@semivae/runtime/core';
import { onnxRuntimeEngine } from '@semivae/train';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { stepOf } from '../step.ts';
import { startWasm } from './tfjs.ts';
import { peerBatch, peerOf } from './tfjs-step.ts';

beforeAll(startWasm);

/** Noise of ours as the peer takes it: the axis along which classes share it dropped. */
function noiseOf(feeds: Tensors, name: string): tf.Tensor {
  const { data, dims } = feeds[name]!;
  return tf.tensor(data as Float32Array, [dims[0]!, dims.at(-1)!]);
}

test('plain tfjs, given equal parameters, batches and noise, takes the very same steps', async () => {
  const own = stepOf(digits({ train: 500, test: 10 }));
  const { feeds, fill } = own.feeder;
  const stepper = await onnxRuntimeEngine().openStep(own.training, own.initial);
  const peer = peerOf(own);
  for (let step = 0; step < 3; step++) {
    fill(step);
    const noise = {
      labelled: noiseOf(feeds, 'labelled/noise(z)'),
      unlabelled: noiseOf(feeds, 'unlabelled/noise(z)'),
    };
    const [{ loss }, peersLoss] = [await stepper.step(feeds), await peer.step(peerBatch(feeds), noise)];
    expect(Math.abs(peersLoss / loss! - 1)).toBeLessThan(1e-5);
  }
  peer.close();
  await stepper.close();
}, 300_000);
