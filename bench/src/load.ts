import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Machine, machine, versionsOf } from './machine.ts';
import { timingOf } from './timing.ts';

/** What `bench load` prints: medians over fresh processes, in milliseconds. */
export interface LoadReport {
  /** Importing the runtime's JavaScript. */
  readonly importMs: number;
  /** Importing ONNX Runtime and reading the manifest. */
  readonly loadMs: number;
  /** Reading, checking and opening the scorer, and the score of one row. */
  readonly firstResultMs: number;
  readonly totalMs: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const PROCESSES = 7;
const PHASES = ['importMs', 'loadMs', 'firstResultMs', 'totalMs'] as const;
type Phases = Record<(typeof PHASES)[number], number>;

const child = fileURLToPath(new URL('first-result.js', import.meta.url));

async function firstResult(folder: string): Promise<Phases> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, folder]);
  return JSON.parse(stdout) as Phases;
}

/** Times a bundle from a process that knows nothing of it to its first score. */
export async function benchLoad(folder: string): Promise<LoadReport> {
  const runs: Phases[] = [];
  for (let i = 0; i < PROCESSES; i++) runs.push(await firstResult(folder));
  const median = (phase: keyof Phases) => Number(timingOf(runs.map((run) => run[phase])).median.toFixed(1));
  const medians = Object.fromEntries(PHASES.map((phase) => [phase, median(phase)])) as Phases;
  return { ...medians, machine: machine(), versions: versionsOf('onnxruntime-node') };
}
