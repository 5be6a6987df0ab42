import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rawTensors } from '@semivae/data';
import { openTable, openTableWriter } from '@semivae/data/node';
import { openSession, type Session, type Tensors } from '@semivae/runtime';
import { readRun } from '@semivae/train/node';
import { type Machine, machine, versionsOf } from './machine.ts';

/** What `bench score-table` prints. */
export interface ScoreTableReport {
  readonly rows: number;
  readonly columns: number;
  /** Of `semivae score` from Parquet to Parquet, from the start of its process to the end. */
  readonly rowsPerSecond: number;
  /** Of the scorer's session on tensors that are ready, so many rows in a call. */
  readonly bareRowsPerSecond: number;
  readonly batch: number;
  /** `rowsPerSecond` ÷ `bareRowsPerSecond`. */
  readonly share: number;
  /** The most memory that the process held at any time; only told where /proc tells it. */
  readonly residentMB?: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

export interface ScoreTableOptions {
  readonly rows?: number;
  readonly progress?: (text: string) => void;
}

/** Rows in a call of the session, as the runtime has it unless told otherwise. */
const BATCH = 256;
const SAMPLE = 20_000;
const EPOCHS = '3';
const BARE_SECONDS = 20;

/** Scores a generated table as a process of its own, beside the bare session before and after. */
export async function benchScoreTable(options: ScoreTableOptions = {}): Promise<ScoreTableReport> {
  const folder = await mkdtemp(join(tmpdir(), 'semivae-bench-'));
  try {
    return await measured(folder, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(
  folder: string,
  { rows = 5_000_000, progress = () => {} }: ScoreTableOptions,
): Promise<ScoreTableReport> {
  const at = (name: string) => join(folder, name);
  progress(`generating ${rows} rows of ${columns.length} columns`);
  await generate(at('sample.parquet'), SAMPLE, rows);
  await generate(at('rows.parquet'), rows, 0);
  progress('training on a sample');
  await semivae('train', '--data', at('sample.parquet'), '--epochs', EPOCHS, '--out', at('run'));
  await semivae('export', at('run'), '--out', at('bundle'));
  const bare = await openBare(folder);
  const before = await bare.rate();
  progress(`the bare session: ${Math.round(before)} rows/s; scoring`);
  const started = performance.now();
  const residentMB = await semivae('score', at('bundle'), at('rows.parquet'), '--out', at('scored.parquet'));
  const rowsPerSecond = (1000 * rows) / (performance.now() - started);
  const bareRowsPerSecond = (before + (await bare.rate())) / 2;
  await bare.session.release();
  return {
    rows,
    columns: columns.length,
    rowsPerSecond: Math.round(rowsPerSecond),
    bareRowsPerSecond: Math.round(bareRowsPerSecond),
    batch: BATCH,
    share: Number((rowsPerSecond / bareRowsPerSecond).toFixed(3)),
    ...(residentMB !== undefined && { residentMB: Math.round(residentMB) }),
    machine: machine(),
    versions: versionsOf('onnxruntime-node', '@duckdb/node-api'),
  };
}

/** A number in 0 … 1 that row i and a stream decide. */
const uniform = (stream: number): string => `((hash(i * 1009 + ${stream}) % 1000003) / 1000003.0)`;

/** Now and then a cell is missing. */
const holed = (stream: number, sql: string): string => `if(${uniform(900 + stream)} < 0.04, NULL, ${sql})`;

const normal = (stream: number): string =>
  `(sqrt(-2 * ln(${uniform(stream)} + 1e-9)) * cos(6.2831853 * ${uniform(stream + 1)}))`;

/** Two hidden causes that some columns share. */
const cause = (of: number): string => normal(700 + 2 * of);

const times = (from: string, stream: number): string =>
  `TIMESTAMP '${from}' + to_seconds((31536000 * ${uniform(stream)})::BIGINT)`;

/** 20 mixed columns as SQL: numbers, some heavily skewed, counts, booleans, categories and times. */
const columns: readonly string[] = [
  ...[0, 1, 2, 3, 4].map((n) => `${holed(n, `${normal(10 * n)} + ${n % 2 ? cause(0) : 0}`)} AS number${n}`),
  ...[5, 6].map((n) => `${holed(n, `round(exp(${normal(10 * n)} + 0.5 * ${cause(1)}), 2)`)} AS amount${n}`),
  ...[7, 8, 9, 10].map(
    (n) => `${holed(n, `floor(-ln(1 - ${uniform(10 * n)}) * ${n - 5})::INTEGER`)} AS count${n}`,
  ),
  ...[11, 12, 13, 14, 15].map(
    (n) =>
      `${holed(n, `'level ' || floor(${uniform(10 * n)} * ${uniform(10 * n + 1)} * ${4 * n - 38})::INTEGER`)} AS category${n}`,
  ),
  `${holed(16, `${cause(0)} > 0.5`)} AS flag16`,
  `${uniform(170)} < 0.2 AS flag17`,
  `${times('2023-01-01', 180)} AS time18`,
  `${holed(19, times('2024-01-01', 190))} AS time19`,
];

/** Rows `from` … `from + rows − 1`, and their number, as Parquet. */
async function generate(file: string, rows: number, from: number): Promise<void> {
  const sql = `SELECT ${columns.join(', ')} FROM range(${from}, ${from + rows}) numbered(i)`;
  const table = await openTable([], { sql });
  const writer = await openTableWriter(file, [{ name: 'row', type: 'number' }], { beside: table });
  const atOnce = 100_000;
  for (let start = 0; start < rows; start += atOnce) {
    const length = Math.min(atOnce, rows - start);
    await writer.append({ row: Float64Array.from({ length }, (_, i) => from + start + i) });
  }
  await writer.close();
  await table.close();
}

const bin = fileURLToPath(new URL('../../packages/cli/bin/semivae.js', import.meta.url));

/** Runs `semivae` to its end; gives the most memory that it held, in MB. */
function semivae(...words: string[]): Promise<number | undefined> {
  const child = spawn(process.execPath, [bin, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  let [said, peak]: [string, number | undefined] = ['', undefined];
  createInterface(child.stderr).on('line', (line) => (said = `${said}${line}\n`.slice(-2000)));
  const watch = setInterval(() => (peak = peakOf(child.pid!) ?? peak), 100);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      if (code === 0) resolve(peak);
      else reject(new Error(`semivae ${words.join(' ')} ended with ${code}:\n${said}`));
    });
  });
}

/** The high-water mark of a process's resident memory. */
function peakOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1000;
  } catch {
    return undefined;
  }
}

interface Bare {
  readonly session: Session;
  /** Rows a second, over some seconds. */
  rate(): Promise<number>;
}

/** The scorer's session on batches of the sample that are tensors already. */
async function openBare(folder: string): Promise<Bare> {
  const batches = await readyBatches(folder);
  const session = await openSession(await readFile(join(folder, 'bundle', 'scorer.onnx')));
  const outputs = Object.fromEntries(session.outputs.map((name) => [name, null]));
  await session.run(batches[0]!, outputs);
  const rate = async () => {
    const started = performance.now();
    let calls = 0;
    for (; performance.now() - started < 1000 * BARE_SECONDS; calls++) {
      await session.run(batches[calls % batches.length]!, outputs);
    }
    return (1000 * calls * BATCH) / (performance.now() - started);
  };
  return { session, rate };
}

async function readyBatches(folder: string): Promise<Tensors[]> {
  const { data } = await readRun(join(folder, 'run'));
  if (data.columns.kind !== 'table') throw new Error('the run is not of a table');
  const used = data.columns.columns.filter(({ kind }) => kind !== 'ignored').map(({ name }) => name);
  const table = await openTable(join(folder, 'sample.parquet'));
  const batches: Tensors[] = [];
  for await (const chunk of table.chunks(used, BATCH)) {
    if (chunk.rows === BATCH) batches.push(rawTensors(data.columns, chunk.columns, BATCH) as Tensors);
  }
  await table.close();
  return batches;
}
