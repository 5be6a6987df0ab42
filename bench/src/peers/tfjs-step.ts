import type { Tensors } from '@semivae/runtime/core';
import { LABELLED_X, LABELLED_Y, UNLABELLED_X } from '@semivae/train';
import { recipe, type stepOf } from '../step.ts';
import { openPeer, type Peer, type RawBatch } from './tfjs.ts';

/** The step in plain tfjs, from the same parameters. */
export function peerOf({ training, initial }: ReturnType<typeof stepOf>): Peer {
  const names = training.forward.parameters.map(({ leaf }) => leaf.name);
  const parameters = Object.fromEntries(names.map((name) => [name, initial[name]!]));
  const { objective, optimizer } = recipe;
  return openPeer({ parameters, alpha: objective.alpha, learningRate: optimizer.learningRate });
}

/** What a step was fed, as the peer takes it. */
export const peerBatch = (feeds: Tensors): RawBatch => ({
  labelledX: feeds[LABELLED_X]!.data as Uint8Array,
  labels: Int32Array.from(feeds[LABELLED_Y]!.data as BigInt64Array, Number),
  unlabelledX: feeds[UNLABELLED_X]!.data as Uint8Array,
});
