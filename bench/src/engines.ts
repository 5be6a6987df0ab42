import { availableParallelism } from 'node:os';
import { digits } from '@semivae/data';
import type { Engine } from '@semivae/train';
import { type ChosenEngine, chooseEngine, collectBetweenSteps, type EngineChoice } from '@semivae/train/node';
import { type Machine, machine, versionsOf } from './machine.ts';
import { stepOf, trainer } from './step.ts';
import { type Contestant, interleaved, type Timing } from './timing.ts';

export interface EnginesOptions {
  /** Threads of ONNX Runtime; by default one for each core. */
  readonly threads?: number;
  readonly rounds?: number;
  readonly progress?: (text: string) => void;
}

/** An engine's step of training, in milliseconds: the median and the shortest. */
export interface EngineFigures {
  readonly backend: string;
  readonly stepMs: number;
  readonly bestMs: number;
  /** The loss of the first step: what shows that every engine did the same work. */
  readonly firstLoss: number;
}

/** What `bench engines` prints. */
export interface EnginesReport {
  readonly engines: Readonly<Record<string, EngineFigures>>;
  readonly threads: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

/** Every engine that loads here; TensorFlow.js on the fastest backend that is installed. */
async function available(threads: number): Promise<ChosenEngine[]> {
  const names: readonly EngineChoice[] = ['onnxruntime', 'tensorflow'];
  const found = await Promise.all(
    names.map((name) => chooseEngine(name, { threads }).catch(() => undefined)),
  );
  return found.filter((each) => each !== undefined);
}

const round = (number: number): number => Number(number.toFixed(3));

type Data = ReturnType<typeof digits>;

async function firstLoss(engine: Engine, data: Data): Promise<number> {
  const { training, feeder, initial } = stepOf(data);
  feeder.fill(0);
  const stepper = await engine.openStep(training, initial);
  const { loss } = await stepper.step(feeder.feeds);
  await stepper.close();
  return round(loss!);
}

async function figures(engine: Engine, { median, best }: Timing, data: Data): Promise<EngineFigures> {
  const { backend } = engine;
  return { backend, stepMs: round(median), bestMs: round(best), firstLoss: await firstLoss(engine, data) };
}

/** Times the same training on each engine, turn by turn in one run. */
export async function benchEngines(options: EnginesOptions = {}): Promise<EnginesReport> {
  collectBetweenSteps();
  const { threads = availableParallelism(), rounds = 5, progress = () => {} } = options;
  const data = digits({ test: 10 });
  const chosen = await available(threads);
  const entries = chosen.map(({ engine }) => [engine, trainer(data, engine)] as const);
  const contestants = entries.map(([{ name }, { work }]): [string, Contestant] => [
    name,
    { work, times: name === 'onnxruntime' ? 25 : 3 },
  ]);
  const done = (so: number) => progress(`engines: round ${so} of ${rounds}`);
  const timings = await interleaved(Object.fromEntries(contestants), rounds, done);
  const engines: Record<string, EngineFigures> = {};
  for (const [engine, { close }] of entries) {
    await close();
    engines[engine.name] = await figures(engine, timings[engine.name]!, data);
  }
  const versions = versionsOf('onnxruntime-node', '@tensorflow/tfjs');
  return { engines, threads, machine: machine(), versions };
}
