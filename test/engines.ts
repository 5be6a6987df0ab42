import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { type Engine, onnxRuntimeEngine } from '@semivae/train';
import { tensorflowEngine } from '@semivae/train/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const binaries = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(binaries)}${sep}`);

/** TensorFlow.js on a backend of its own, which must start here. */
async function onBackend(backend: string): Promise<Engine> {
  if (!(await tf.setBackend(backend)))
    throw new Error(`the ${backend} backend of TensorFlow.js does not start`);
  return tensorflowEngine(tf, { backend });
}

export const wasm = await onBackend('wasm');

/** Engines that differentiate by themselves: the outside judges of our gradients. */
export const judges: readonly Engine[] = [wasm, await onBackend('cpu')];

/** Every engine that runs everywhere. */
export const engines: readonly Engine[] = [onnxRuntimeEngine({ threads: 1 }), ...judges];
