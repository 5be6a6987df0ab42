import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Case, CaseResult } from './adbench/case.ts';
import { seedsOf } from './adbench/case.ts';
import { type Machine, machine, versionsOf } from './machine.ts';

export interface AdbenchOptions {
  readonly dataDir: string;
  /** Cases judged at once; by default one for each core. */
  readonly jobs?: number;
  /** Sets whose names hold one of these. */
  readonly only?: readonly string[];
  /** Anomalies that training is told of; they are not judged. */
  readonly known?: number;
  readonly progress?: (text: string) => void;
}

/** Means over a set's seeds, in percent. */
export interface SetFigures {
  readonly auroc: number;
  readonly nll: number;
  readonly knn5: number;
  readonly seeds: number;
}

/** What `bench adbench` prints: means over seeds, then over sets, in percent. */
export interface AdbenchReport {
  readonly meanAuroc: number;
  /** The bound alone as the score. */
  readonly meanNll: number;
  /** Plain 5-nearest-neighbour distance on the same splits. */
  readonly knn5: number;
  readonly sets: Readonly<Record<string, SetFigures>>;
  readonly minutes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;
const round = (value: number): number => Number(value.toFixed(2));

async function casesIn({ dataDir: folder, only = [''], known = 0 }: AdbenchOptions): Promise<Case[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.npz'));
  const files = names
    .filter((name) => only.some((each) => name.includes(each)))
    .map((name) => join(folder, name));
  const cases: Case[] = [];
  for (const file of files) for (const seed of await seedsOf(file)) cases.push({ file, seed, known });
  return cases;
}

/** Hands cases out to threads of their own, one at a time each. */
async function judged(
  cases: readonly Case[],
  jobs: number,
  told: (result: CaseResult) => void,
): Promise<void> {
  const left = [...cases];
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL('./adbench/thread.js', import.meta.url));
    for (let next = left.shift(); next; next = left.shift()) {
      const asked = next;
      told(
        await new Promise<CaseResult>((resolve, reject) => {
          thread.once('message', resolve);
          thread.once('error', reject);
          thread.postMessage(asked);
        }),
      );
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

const nameOf = (file: string): string => basename(file, '.npz');

function bySet(results: readonly CaseResult[]): Record<string, SetFigures> {
  const order = new Intl.Collator('en', { numeric: true }).compare;
  const names = [...new Set(results.map(({ file }) => nameOf(file)))].sort(order);
  return Object.fromEntries(
    names.map((name) => {
      const own = results.filter(({ file }) => nameOf(file) === name);
      const over = (pick: (each: CaseResult) => number) => round(mean(own.map(pick)));
      const [auroc, nll, knn5] = [
        over((each) => each.auroc),
        over((each) => each.nll),
        over((each) => each.knn5),
      ];
      return [name, { auroc, nll, knn5, seeds: own.length }];
    }),
  );
}

/**
 * Detection on the sets of ADBench (Han et al. 2022) by the default recipe for tables: trained on a random half of the
 * ordinary rows, judged on the other half and all anomalies.
 */
export async function benchAdbench(options: AdbenchOptions): Promise<AdbenchReport> {
  const { jobs = availableParallelism(), progress } = options;
  const start = performance.now();
  const cases = await casesIn(options);
  const results: CaseResult[] = [];
  await judged(cases, jobs, (result) => {
    results.push(result);
    const { file, seed, auroc, knn5, seconds } = result;
    const figures = `${auroc.toFixed(2)} %, 5 nearest ${knn5.toFixed(2)} %, ${seconds.toFixed(1)} s`;
    progress?.(`${results.length}/${cases.length} ${nameOf(file)} seed ${seed}: ${figures}`);
  });
  const sets = bySet(results);
  const over = (pick: (each: SetFigures) => number) => round(mean(Object.values(sets).map(pick)));
  return {
    meanAuroc: over((each) => each.auroc),
    meanNll: over((each) => each.nll),
    knn5: over((each) => each.knn5),
    sets,
    minutes: round((performance.now() - start) / 60_000),
    machine: machine(),
    versions: versionsOf(),
  };
}
