import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type ChosenEngine, chooseEngine, type EngineChoice, versionOf } from '@semivae/train/node';
import type { Command } from 'commander';
import { differenceFromOnnxRuntime } from '../agreement.ts';
import { type SharedOptions, shared } from '../arguments.ts';
import { exitCodes } from '../failure.ts';
import { openOutput } from '../output.ts';
import { version } from '../versions.ts';

const help = `
Examples:
  semivae doctor
  semivae doctor --json

Both engines take the same three steps of a small training; their losses must agree. TensorFlow.js is looked for beside
semivae and in the current folder: @tensorflow/tfjs-node brings TensorFlow's own library, on the CPU or the GPU.
Exit code 1: ONNX Runtime does not load, or an engine computes something else.`;

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('tell what trains here, and whether it computes right')
    .description('Looks at Node, the engines and what else semivae uses where it is installed.');
  shared(command, help).action(runDoctor);
}

/** Something that was looked at: what is there, and what is wrong with it. */
interface Finding {
  readonly version?: string;
  readonly problem?: string;
}

interface OnnxRuntimeFinding extends Finding {
  readonly providers?: readonly string[];
}

async function onnxRuntime(): Promise<OnnxRuntimeFinding> {
  try {
    const { env, listSupportedBackends } = await import('onnxruntime-node');
    return { version: env.versions.node!, providers: listSupportedBackends().map(({ name }) => name) };
  } catch (cause) {
    return { problem: (cause as Error).message };
  }
}

interface TensorflowFinding extends Finding {
  readonly backend?: string;
  /** Of its losses from ONNX Runtime's, relative, over three steps. */
  readonly difference?: number;
  readonly notes: readonly string[];
}

/** Float32 sums in another order differ by some 1e-7; a wrong gradient by far more than this. */
const LIMIT = 1e-4;

async function chosen(asked: EngineChoice): Promise<ChosenEngine | Error> {
  return chooseEngine(asked).catch((cause: Error) => cause);
}

async function tensorflow(comparable: boolean): Promise<TensorflowFinding> {
  const found = await chosen('tensorflow');
  if (found instanceof Error) return { notes: [found.message] };
  const { engine, versions, problems } = found;
  const notes = problems.map((each) => `${each.package}: ${each.problem}. ${each.remedy}`);
  const finding = { version: versions.tensorflow!, backend: engine.backend, notes };
  if (!comparable) return finding;
  const difference = await differenceFromOnnxRuntime(engine);
  const right = difference <= LIMIT;
  return { ...finding, difference, ...(!right && { problem: 'it trains otherwise than ONNX Runtime' }) };
}

/** The browser of the tests, which a clone of the project has and an installed semivae has not. */
async function browser(): Promise<string | undefined> {
  const script = new URL('../../../../scripts/chromium.mjs', import.meta.url);
  if (!existsSync(fileURLToPath(script))) return undefined;
  const { findChromium } = (await import(script.href)) as { findChromium(): Promise<string | undefined> };
  return findChromium().catch(() => undefined);
}

interface Report {
  readonly ok: boolean;
  readonly semivae: string;
  readonly node: string;
  readonly platform: string;
  readonly threads: number;
  readonly onnxruntime: OnnxRuntimeFinding;
  readonly tensorflow: TensorflowFinding;
  /** What `--engine auto` takes. */
  readonly engine: { readonly name: string; readonly backend: string; readonly why: string } | null;
  readonly duckdb: string | null;
  readonly browser: string | null;
}

async function examined(): Promise<Report> {
  const ort = await onnxRuntime();
  const [tf, auto] = [await tensorflow(ort.problem === undefined), await chosen('auto')];
  const { platform, arch, versions } = process;
  return {
    ok: !ort.problem && !tf.problem,
    semivae: version,
    node: versions.node,
    platform: `${platform}-${arch}`,
    threads: availableParallelism(),
    onnxruntime: ort,
    tensorflow: tf,
    engine:
      auto instanceof Error ? null : { name: auto.engine.name, backend: auto.engine.backend, why: auto.why },
    duckdb: versionOf('@duckdb/node-api') ?? null,
    browser: (await browser()) ?? null,
  };
}

function tensorflowLine({ version, backend, difference, problem }: TensorflowFinding): string {
  if (version === undefined) return 'not installed';
  const losses =
    difference === undefined ? '' : `; losses differ from ONNX Runtime's by ${difference.toExponential(1)}`;
  return `${version}: ${backend}${losses}${problem ? `: ${problem}` : ''}`;
}

function lines(report: Report): [string, string][] {
  const { onnxruntime, tensorflow, engine } = report;
  const { version, providers = [], problem } = onnxruntime;
  return [
    ['semivae', report.semivae],
    ['Node', `${report.node} on ${report.platform}, ${report.threads} threads`],
    ['ONNX Runtime', problem ?? `${version}, execution providers: ${providers.join(', ')}`],
    ['TensorFlow.js', tensorflowLine(tensorflow)],
    ...tensorflow.notes.map((note): [string, string] => ['', note]),
    ['--engine auto', engine ? `${engine.name} on ${engine.backend}: ${engine.why}` : 'none'],
    ['DuckDB', report.duckdb ?? 'not installed'],
    ['browser', report.browser ?? 'none found; only the tests of the project need one'],
  ];
}

async function runDoctor({ json }: SharedOptions): Promise<void> {
  const output = openOutput(json === true);
  const report = await examined();
  if (!report.ok) process.exitCode = exitCodes.failed;
  for (const [name, finding] of lines(report)) output.say(`${name.padEnd(15)}${finding}`);
  output.say();
  output.say(report.ok ? 'all is well' : 'something is wrong, see above');
  output.answer(report);
}
