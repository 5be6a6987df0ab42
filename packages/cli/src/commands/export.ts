import { join } from 'node:path';
import type { RawRows } from '@semivae/data';
import { fileSizes, verify, writeBundle } from '@semivae/export/node';
import { memoryFiles } from '@semivae/runtime';
import { isFinished, onnxRuntimeEngine, readHeld, readMetrics, readRun } from '@semivae/train/node';
import { type Command, Option } from 'commander';
import { rate, type SharedOptions, shared } from '../arguments.ts';
import { exitCodes } from '../failure.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { shipped } from '../source.ts';
import { showBytes, table } from '../table.ts';
import { showComparison } from './verify.ts';

interface ExportOptions extends SharedOptions {
  readonly out?: string;
  readonly name?: string;
  readonly fpr?: number;
  readonly parityRows?: 'drawn' | 'real';
}

const help = `
Examples:
  semivae export runs/digits-m2-seed1
  semivae export runs/mnist-m2-seed1 --out models/mnist --name mnist-1000
  semivae export runs/payments --fpr 0.05

A bundle is a folder: classifier.onnx, encoder.onnx, decoder.onnx and scorer.onnx, which take raw pixels; manifest.json,
which says what they are; parity.json, what they must answer; README.md, a model card; samples.png. The card says what of
the training data a bundle holds: no column that is ignored, no folder, and no raw row unless --parity-rows real is said.
It is checked against the trained model before it takes the place of an older one.
Next: semivae score <bundle> image.png, or load('<bundle>') of @semivae/runtime in an app.`;

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .summary('freeze a run into a bundle of ONNX files')
    .description('Turns a trained run into ONNX files with everything that an app must know about them.')
    .argument('<run>', 'the folder of a run')
    .option('--out <folder>', 'where the bundle goes (default: <run>/bundle)')
    .option('--name <name>', 'what the bundle is called (default: the name of the recipe)')
    .option(
      '--fpr <rate>',
      'the rate of false alarms that the threshold of a table keeps (default: 0.01)',
      rate,
    );
  command.addOption(
    new Option(
      '--parity-rows <which>',
      'what the bundle is verified on: rows made up by the model, or some rows of the data, which then ship',
    )
      .choices(['drawn', 'real'])
      .default('drawn'),
  );
  shared(command, help).action(runExport);
}

async function noteUnfinished(run: string, output: Output): Promise<void> {
  const [info, lines] = await Promise.all([readRun(run), readMetrics(run)]);
  if (isFinished(info, lines)) return;
  output.note(`note: ${run} is not finished; its last checkpoint is exported`);
}

/** The raw rows that a bundle of a table is calibrated on. */
async function calibratedOn(run: string): Promise<RawRows | undefined> {
  const { data } = await readRun(run);
  return data.columns.kind === 'table' ? (await readHeld(run)).calibration : undefined;
}

async function runExport(run: string, options: ExportOptions): Promise<void> {
  const output = openOutput(options.json === true);
  const { out = join(run, 'bundle') } = options;
  await noteUnfinished(run, output);
  const files = await shipped(run, options, onnxRuntimeEngine());
  const comparison = await verify(memoryFiles(files, out), await calibratedOn(run));
  const ok = comparison.every((each) => each.ok);
  await checkInterruption(out);
  if (ok) await writeBundle(out, files);
  else process.exitCode = exitCodes.failed;
  const sizes = ok ? await fileSizes(out) : {};
  output.say(showComparison(comparison));
  output.say();
  output.say(
    table([['file', 'size'], ...Object.entries(sizes).map(([file, size]) => [file, showBytes(size)])]),
  );
  output.say();
  output.say(
    ok
      ? `bundle in ${out}; next: semivae inspect ${out}`
      : `not written: the files do not answer as the trained model does`,
  );
  output.answer({ bundle: ok ? out : null, ok, comparison, files: sizes });
}
