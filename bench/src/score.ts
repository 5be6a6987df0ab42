import { fillIntegers, imageInput, load, type Model } from '@semivae/runtime';
import { type Machine, machine, versionsOf } from './machine.ts';
import { timed, timingOf } from './timing.ts';

/** What `bench score` prints: rows a second, by rows in a call. */
export interface ScoreReport {
  readonly bundle: string;
  readonly scoreRowsPerSecond: Readonly<Record<string, number>>;
  readonly classifyRowsPerSecond?: Readonly<Record<string, number>>;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const BATCHES = [1, 100, 1000];
const REPEATS = 15;

function randomBytes(length: number): Uint8Array {
  const numbers = new Uint32Array(length);
  fillIntegers(numbers, { seed: 1, stream: 0, step: 0 }, 256);
  return Uint8Array.from(numbers);
}

/** Rows a second at each batch size, by the median time of a call. */
async function throughput(pixels: number, call: (x: Uint8Array) => Promise<unknown>) {
  const rates: Record<string, number> = {};
  for (const rows of BATCHES) {
    const x = randomBytes(rows * pixels);
    await call(x);
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) times.push(await timed(() => call(x)));
    rates[rows] = Math.round((1000 * rows) / timingOf(times).median);
  }
  return rates;
}

/** Times a bundle's `score` and `classify` as an app calls them, from bytes to answers. */
export async function benchScore(folder: string): Promise<ScoreReport> {
  const model: Model = await load(folder);
  const { name, heads } = model.manifest;
  const input = imageInput(model.manifest);
  const pixels = input.width * input.height * input.channels;
  const scoreRowsPerSecond = await throughput(pixels, model.score);
  const classifies = heads.classifier && { classifyRowsPerSecond: await throughput(pixels, model.classify) };
  await model.dispose();
  const versions = versionsOf('onnxruntime-node');
  return { bundle: name, scoreRowsPerSecond, ...classifies, machine: machine(), versions };
}
