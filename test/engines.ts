import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { type Engine, onnxRuntimeEngine } from '@semivae/train';
import { tensorflowEngine } from '@semivae/train/tensorflow';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(wasm)}${sep}`);

/** TensorFlow.js on a backend of its own, which must start here. */
async function onBackend(backend: string): Promise<Engine> {
  if (!(await tf.setBackend(backend)))
    throw new Error(`the ${backend} backend of TensorFlow.js does not start`);
  return tensorflowEngine(tf, { backend });
}

/** Engines that differentiate by themselves: the outside judges of our gradients. */
export const judges: readonly Engine[] = [await onBackend('wasm'), await onBackend('cpu')];

/** Every engine that runs everywhere. */
export const engines: readonly Engine[] = [onnxRuntimeEngine({ threads: 1 }), ...judges];
