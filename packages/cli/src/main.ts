import { Command } from 'commander';
import { CommandFailure, reportFailure } from './failure.ts';
import { listenForInterruption } from './interruption.ts';
import { openOutput } from './output.ts';
import { harmless } from './style.ts';
import { version } from './versions.ts';

const help = `
From data to an app:
  semivae quickstart                                  see it all in two minutes
  semivae train --data mnist --labels 100             → runs/mnist-m2-seed1
  semivae sweep mnist-m2 --seeds 5                    mean ± deviation over seeds, or over settings
  semivae export runs/mnist-m2-seed1 --out my-model   → ONNX files that take raw pixels
  semivae verify my-model && semivae evaluate my-model
  semivae score my-model picture.png                  or load('my-model') of @semivae/runtime
  semivae score my-bundle new.csv --out scored.parquet    rows of a table, by a bundle of tables
  semivae recalibrate my-bundle ordinary.csv          new verdicts without new training
  semivae drift my-bundle lately.csv                  how new rows differ, as a page
  semivae report runs/payments-seed1                  a run or a bundle as a page to look at
  semivae doctor                                      what trains here, and whether it computes right

Exit codes: 0 done; 1 a check failed; 2 a mistake that can be mended, told with its remedy; 130 stopped.
With --json every command prints one line of JSON on stdout, {"failure": …} if it fails.`;

type Add = (root: Command) => void;

/** The commands, in the order of the help; each is loaded when it is asked for, since loading all takes a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  quickstart: async () => (await import('./commands/quickstart.ts')).addQuickstart,
  train: async () => (await import('./commands/train.ts')).addTrain,
  sweep: async () => (await import('./commands/sweep.ts')).addSweep,
  export: async () => (await import('./commands/export.ts')).addExport,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  evaluate: async () => (await import('./commands/evaluate.ts')).addEvaluate,
  score: async () => (await import('./commands/score.ts')).addScore,
  recalibrate: async () => (await import('./commands/recalibrate.ts')).addRecalibrate,
  impute: async () => (await import('./commands/impute.ts')).addImpute,
  drift: async () => (await import('./commands/drift.ts')).addDrift,
  report: async () => (await import('./commands/report.ts')).addReport,
  generate: async () => (await import('./commands/generate.ts')).addGenerate,
  inspect: async () => (await import('./commands/inspect.ts')).addInspect,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
};

/** The command that is asked for, or none; all of them where it is none of these, so that help and suggestions name them. */
function asked([first]: readonly string[]): (() => Promise<Add>)[] {
  if (first === '--version' || first === '-V') return [];
  const command = Object.hasOwn(COMMANDS, first ?? '') ? COMMANDS[first!] : undefined;
  return command ? [command] : Object.values(COMMANDS);
}

async function program(words: readonly string[]): Promise<Command> {
  const root = new Command('semivae')
    .description('Semi-supervised variational autoencoders: trained here, shipped as ONNX, run anywhere.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void process.stderr.write(harmless(text, process.stderr)) })
    .addHelpText('after', help);
  for (const load of asked(words)) (await load())(root);
  return root;
}

/** A reader that has seen enough closes the pipe; a full disk behind stdout is a mistake that can be mended. */
function watchStdout(report: (error: unknown) => number): void {
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') process.exit(0);
    const remedy = 'Free some space, or send the output elsewhere.';
    process.exit(
      report(
        new CommandFailure('WRITE', 'stdout', `it cannot be written (${cause.code})`, remedy, { cause }),
      ),
    );
  });
}

/** Nobody may be there any more to read stderr: what is under way still ends in order, and removes what is half done. */
const outliveStderr = (): void => void process.stderr.on('error', () => {});

async function main(words: readonly string[]): Promise<void> {
  const output = openOutput(words.includes('--json'));
  const report = (error: unknown) => reportFailure(error, output, words.includes('--debug'));
  watchStdout((error) => reportFailure(error, openOutput(false), words.includes('--debug')));
  outliveStderr();
  listenForInterruption();
  try {
    const root = await program(words);
    if (words.length === 0) root.outputHelp();
    else await root.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

await main(process.argv.slice(2));
