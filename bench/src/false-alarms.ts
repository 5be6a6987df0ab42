import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Cells, memoryTable, type Table } from '@semivae/data';
import { openTable } from '@semivae/data/node';
import { ship } from '@semivae/export';
import { parseRecipe } from '@semivae/recipe';
import { type Columns, exactRate, load, memoryFiles, permutation, pValues } from '@semivae/runtime';
import { onnxRuntimeEngine, trainTable } from '@semivae/train/node';
import { type Made, madeTables, type Split, splitOf } from './false-alarms/tables.ts';
import { type Machine, machine, versionsOf } from './machine.ts';

export interface FalseAlarmsOptions {
  /** A folder of tables to be used instead of made-up ones. */
  readonly dataDir?: string;
  readonly only?: readonly string[];
  /** Splits of each table; 50 unless told. */
  readonly splits?: number;
  readonly progress?: (text: string) => void;
}

/** False alarms at a promised rate, in shares of 1, over the splits. */
export interface Rate {
  readonly promised: number;
  /** What conformal p-values give where no scores tie. */
  readonly exact: number;
  readonly seen: number;
  readonly standardError: number;
  /** (seen − exact) / standard error. */
  readonly deviation: number;
}

export interface TableRates {
  readonly splits: number;
  readonly rates: readonly Rate[];
  /** The share of calibration scores that another one equals, in the mean. */
  readonly tied: number;
  /** Rows whose score or verdict, asked one by one, is not bit for bit that of a batch. */
  readonly differing: number;
  /** No rate is above its promise by more than four standard errors, nor below it where no scores tie. */
  readonly asPromised: boolean;
}

/** What `bench false-alarms` prints. */
export interface FalseAlarmsReport {
  readonly tables: Readonly<Record<string, TableRates>>;
  readonly asPromised: boolean;
  readonly differing: number;
  readonly minutes: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const PROMISED = [0.01, 0.05, 0.1] as const;
const SPLITS = 50;
const ERRORS = 4;
/** Beyond this share of ties, fewer false alarms than promised are to be expected. */
const TIED = 0.01;

/** Short trainings: whether false alarms come as promised does not hang on how well a model is trained. */
const recipeFor = (name: string, { calibration }: Split) =>
  parseRecipe({
    name,
    epochs: 2,
    stepsPerEpoch: 20,
    keep: 'last',
    data: { name, labels: 0, validation: 0, calibration },
    model: { kind: 'm1', latent: 3, hidden: [16], activation: 'silu' },
    objective: { klWarmup: 20, inputNoise: 0.1, hide: 0.25 },
    batch: { labelled: 16, unlabelled: 64 },
    optimizer: { learningRate: 5e-3, warmup: 5, average: 0.9 },
    score: { kind: 'elbo', samples: 1, neighbours: 200 },
  });

const pick = (cells: Cells, rows: Int32Array | Uint32Array): Cells =>
  cells instanceof Float64Array
    ? Float64Array.from(rows, (row) => cells[row]!)
    : Array.from(rows, (row) => cells[row]!);

const some = (columns: Columns, rows: Int32Array | Uint32Array): Columns =>
  Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, pick(cells, rows)]));

interface Found {
  /** False alarms at each promised rate. */
  readonly rates: readonly number[];
  readonly tied: number;
  readonly differing: number;
}

/** Trains, ships and judges one split, by the calls that an app makes: a batch, and one row after the other. */
async function judged(name: string, { table, split }: Made, cells: Columns, number: number): Promise<Found> {
  const order = permutation(table.rows, 20, number);
  const used = order.subarray(0, split.train + split.calibration);
  const fresh = order.subarray(used.length, used.length + split.fresh);
  const engine = onnxRuntimeEngine({ threads: 1 });
  const rows = memoryTable(table.place, table.columns, some(cells, used));
  const trained = await trainTable(rows, recipeFor(name, split), { seed: number, engine });
  const files = await ship({ name, version: '0.1.0', engine, fpr: 0.05, ...trained });
  const model = await load(memoryFiles(files), { threads: 1 });
  try {
    const { score, anomaly } = await model.scoreColumns(some(cells, fresh));
    const { scores } = model.manifest.calibration!;
    let differing = 0;
    for (let i = 0; i < fresh.length; i++) {
      const alone = await model.scoreColumns(some(cells, fresh.subarray(i, i + 1)));
      if (alone.score[0] !== score[i] || alone.anomaly![0] !== anomaly![i]) differing++;
    }
    const p = pValues(score, scores);
    return {
      rates: PROMISED.map((rate) => p.filter((each) => each <= rate).length / p.length),
      tied: 1 - new Set(scores).size / scores.length,
      differing,
    };
  } finally {
    await model.dispose();
  }
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** Over splits, which are drawn independently, so that the spread of their rates tells the error of the mean. */
function rateOver(promised: number, seenBySplit: readonly number[], { calibration, fresh }: Split): Rate {
  const [seen, exact] = [mean(seenBySplit), exactRate(calibration, promised)];
  const splits = seenBySplit.length;
  const spread = seenBySplit.reduce((sum, each) => sum + (each - seen) ** 2, 0) / (splits - 1);
  // where all splits are alike, no less than one row in all of them
  const standardError = Math.max(Math.sqrt(spread / splits), 1 / (splits * fresh));
  const deviation = (seen - exact) / standardError;
  return { promised, exact, seen, standardError, deviation };
}

function ratesOf(found: readonly Found[], split: Split): TableRates {
  const rates = PROMISED.map((promised, i) =>
    rateOver(
      promised,
      found.map((each) => each.rates[i]!),
      split,
    ),
  );
  const tied = mean(found.map((each) => each.tied));
  const least = tied > TIED ? -Infinity : -ERRORS;
  return {
    splits: found.length,
    rates,
    tied,
    differing: found.reduce((sum, each) => sum + each.differing, 0),
    asPromised: rates.every(({ deviation }) => deviation <= ERRORS && deviation >= least),
  };
}

async function cellsOf(table: Table): Promise<Columns> {
  for await (const { columns } of table.chunks(undefined, table.rows)) return columns;
  throw new Error(`${table.place} has no rows`);
}

async function tablesIn(folder: string): Promise<Record<string, Made>> {
  const files = readdirSync(folder).filter((name) => /\.(csv|parquet|ndjson)$/.test(name));
  const made: Record<string, Made> = {};
  for (const name of files) {
    const table = await openTable(join(folder, name));
    made[name] = { table, split: splitOf(table.rows) };
  }
  return made;
}

/** False alarms of shipped bundles at 0.01, 0.05 and 0.10, over many splits of tables of very different kinds. */
export async function benchFalseAlarms(options: FalseAlarmsOptions = {}): Promise<FalseAlarmsReport> {
  const { dataDir, only, splits = SPLITS, progress = () => {} } = options;
  const started = performance.now();
  const all = dataDir === undefined ? madeTables() : await tablesIn(dataDir);
  const tables: Record<string, TableRates> = {};
  for (const [name, made] of Object.entries(all)) {
    if (only && !only.some((part) => name.includes(part))) continue;
    const cells = await cellsOf(made.table);
    const found: Found[] = [];
    for (let split = 0; split < splits; split++) found.push(await judged(name, made, cells, split));
    const told = ratesOf(found, made.split);
    tables[name] = told;
    progress(
      `${name}: ${told.rates.map(({ promised, seen, deviation }) => `${promised} → ${seen.toFixed(4)} (${deviation.toFixed(1)} σ)`).join(', ')}; tied ${told.tied.toFixed(2)}, ${told.differing} differ`,
    );
  }
  return {
    tables,
    asPromised: Object.values(tables).every((each) => each.asPromised),
    differing: Object.values(tables).reduce((sum, each) => sum + each.differing, 0),
    minutes: (performance.now() - started) / 60_000,
    machine: machine(),
    versions: versionsOf('onnxruntime-node'),
  };
}
