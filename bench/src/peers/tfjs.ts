import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { Tensors as StoredTensors } from '@semivae/graph';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** What the wasm backend got of this host. */
export interface WasmHost {
  readonly simd: boolean;
  readonly multithread: boolean;
}

/** Makes tfjs compute on its wasm backend. Throws where the backend does not start. */
export async function startWasm(): Promise<WasmHost> {
  const binaries = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(binaries)}${sep}`);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend of @tensorflow/tfjs does not start');
  const [simd, multithread] = await Promise.all(
    ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => tf.env().getAsync(flag)),
  );
  return { simd: simd === true, multithread: multithread === true };
}

/** A batch as bytes: images [rows, pixels] and labels [rows]. */
export interface RawBatch {
  readonly labelledX: Uint8Array;
  readonly labels: Int32Array;
  readonly unlabelledX: Uint8Array;
}

/** Standard normal draws of z: [rows, latent] each; the values of y share those of their row. */
export interface Noise {
  readonly labelled: tf.Tensor;
  readonly unlabelled: tf.Tensor;
}

export interface PeerOptions {
  /** Parameters by semivae's names. */
  readonly parameters: StoredTensors;
  readonly alpha: number;
  readonly learningRate: number;
}

const CLASSES = 10;
const LOG_CLASSES = Math.log(CLASSES);

type Activation = 'linear' | 'relu';

/** M2 784-500-50 in plain tfjs; the label that is summed out has an axis of its own and is broadcast. */
function m2(weights: Readonly<Record<string, tf.Variable>>) {
  const product = (
    a: tf.Tensor,
    weight: string,
    bias: string,
    activation: Activation = 'linear',
  ): tf.Tensor => tf.fused.matMul({ a, b: weights[weight]!, bias: weights[bias]!, activation });
  const dense = (a: tf.Tensor, layer: string, activation?: Activation) =>
    product(a, `${layer}/weight`, `${layer}/bias`, activation);

  const classify = (x: tf.Tensor) => dense(dense(x, 'q(y|x)/hidden1', 'relu'), 'q(y|x)/logits');

  const encoderOfX = (x: tf.Tensor) => product(x, 'q(z|x,y)/hidden1/weight(x)', 'q(z|x,y)/hidden1/bias');
  const encoderOfY = weights['q(z|x,y)/hidden1/weight(y)']!;
  const decoderOfZ = (z: tf.Tensor) => product(z, 'p(x|y,z)/hidden1/weight(z)', 'p(x|y,z)/hidden1/bias');
  const decoderOfY = weights['p(x|y,z)/hidden1/weight(y)']!;

  function posterior(hidden: tf.Tensor) {
    const mean = dense(hidden, 'q(z|x,y)/mean');
    const logVariance = dense(hidden, 'q(z|x,y)/logVariance').div(8).tanh().mul(8);
    const terms = mean.square().add(logVariance.exp()).sub(logVariance).sub(1);
    return { mean, deviation: logVariance.mul(0.5).exp(), divergence: terms.sum(-1).mul(0.5) };
  }

  /** x·l − log(1 + eˡ), summed over pixels. */
  const logLikelihood = (x: tf.Tensor, logits: tf.Tensor) => x.mul(logits).sub(logits.softplus()).sum(-1);

  function labelledBound(x: tf.Tensor, y: tf.Tensor, noise: tf.Tensor): tf.Tensor {
    const hidden = encoderOfX(x).add(y.matMul(encoderOfY)).relu();
    const { mean, deviation, divergence } = posterior(hidden);
    const top = decoderOfZ(mean.add(deviation.mul(noise)))
      .add(y.matMul(decoderOfY))
      .relu();
    return logLikelihood(x, dense(top, 'p(x|y,z)/logits')).sub(divergence).sub(LOG_CLASSES);
  }

  /** The bound of every row under each of its classes, [rows, classes]. */
  function boundsOfClasses(x: tf.Tensor, noise: tf.Tensor): tf.Tensor {
    const rows = x.shape[0]!;
    const folded = (a: tf.Tensor) => a.reshape([rows * CLASSES, -1]);
    const perClass = (a: tf.Tensor) => a.reshape([rows, CLASSES, -1]);
    const hidden = encoderOfX(x).expandDims(1).add(encoderOfY).relu();
    const { mean, deviation, divergence } = posterior(folded(hidden));
    const z = perClass(mean).add(perClass(deviation).mul(noise.expandDims(1)));
    const top = perClass(decoderOfZ(folded(z)))
      .add(decoderOfY)
      .relu();
    const logits = perClass(dense(folded(top), 'p(x|y,z)/logits'));
    return logLikelihood(x.expandDims(1), logits)
      .sub(divergence.reshape([rows, CLASSES]))
      .sub(LOG_CLASSES);
  }

  function unlabelledBound(x: tf.Tensor, noise: tf.Tensor): tf.Tensor {
    const logits = classify(x);
    return logits.softmax().mul(boundsOfClasses(x, noise).sub(logits.logSoftmax())).sum(-1);
  }

  return { classify, labelledBound, unlabelledBound };
}

const images = (bytes: Uint8Array, rows: number) =>
  tf
    .tensor2d(bytes, [rows, bytes.length / rows], 'int32')
    .toFloat()
    .div(255);

/** A training step that keeps its own parameters, and gives the loss as it was before the update. */
export interface Peer {
  /** Noise is drawn by tfjs unless it is given. */
  step(batch: RawBatch, noise?: Noise): Promise<number>;
  close(): void;
}

const drawn = (rows: number, latent: number): tf.Tensor => tf.randomNormal([rows, latent]);

/** The step of `semivae`'s M2 with its summed-out label, Bernoulli pixels and Adam, written in plain tfjs. */
export function openPeer({ parameters, alpha, learningRate }: PeerOptions): Peer {
  const weights = Object.fromEntries(
    Object.entries(parameters).map(([name, { data, shape }]) => [
      name,
      tf.variable(tf.tensor(data as Float32Array, [...shape])),
    ]),
  );
  const model = m2(weights);
  const latent = parameters['q(z|x,y)/mean/bias']!.data.length;
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);

  function loss({ labelledX, labels, unlabelledX }: RawBatch, given?: Noise): tf.Scalar {
    const rows = unlabelledX.length / (labelledX.length / labels.length);
    const [x, others] = [images(labelledX, labels.length), images(unlabelledX, rows)];
    const noise = given ?? { labelled: drawn(labels.length, latent), unlabelled: drawn(rows, latent) };
    const y = tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES).toFloat();
    const crossEntropy = y.mul(model.classify(x).logSoftmax()).sum(-1).mean().neg();
    const bound = model
      .unlabelledBound(others, noise.unlabelled)
      .mean()
      .add(model.labelledBound(x, y, noise.labelled).mean());
    return crossEntropy.mul(alpha).sub(bound).asScalar();
  }

  return {
    async step(batch, noise) {
      const value = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => loss(batch, noise), Object.values(weights));
        optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
        return value;
      });
      const [number] = await value.data();
      value.dispose();
      return number!;
    },
    close() {
      optimizer.dispose();
      tf.dispose(weights);
    },
  };
}
