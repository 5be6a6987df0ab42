import { type Comparison, verify } from '@semivae/export/node';
import { folderFiles } from '@semivae/runtime';
import type { Command } from 'commander';
import { type SharedOptions, shared } from '../arguments.ts';
import { exitCodes } from '../failure.ts';
import { openOutput } from '../output.ts';
import { loadBundle } from '../source.ts';
import { table } from '../table.ts';

const help = `
Examples:
  semivae verify runs/digits-m2-seed1/bundle
  semivae verify models/digits-m2 --json

Exit code 0: every answer is within its limit; 1: one is not; 2: the bundle is damaged.
Next: semivae evaluate <bundle> for its error on test data.`;

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .summary('check that a bundle answers as its trained model did')
    .description('Asks the ONNX files what the trained model was asked, and compares the answers.')
    .argument('<bundle>', 'the folder of a bundle');
  shared(command, help).action(runVerify);
}

/** Differences against their limits, as a table. */
export const showComparison = (comparison: readonly Comparison[]): string =>
  table([
    ['answer', 'difference', 'limit', ''],
    ...comparison.map(({ answer, difference, limit, ok }) => [
      answer,
      difference.toExponential(1),
      limit.toExponential(1),
      ok ? 'ok' : 'TOO FAR',
    ]),
  ]);

async function runVerify(bundle: string, options: SharedOptions): Promise<void> {
  const output = openOutput(options.json === true);
  await (await loadBundle(bundle)).dispose();
  const comparison = await verify(folderFiles(bundle));
  const ok = comparison.every((each) => each.ok);
  if (!ok) process.exitCode = exitCodes.failed;
  output.say(showComparison(comparison));
  output.say(ok ? 'the bundle answers as the trained model did' : 'the bundle does NOT answer as it should');
  output.answer({ ok, comparison });
}
