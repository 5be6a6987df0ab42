import { type Command, Option } from 'commander';
import { shared } from '../arguments.ts';
import { withTableFlags } from '../bundle-table.ts';
import type { DriftOptions } from './drift-table.ts';

const help = `
Examples:
  semivae drift models/payments april.parquet
  semivae drift models/payments 'april/*.csv' --out april.html
  semivae drift models/payments april.csv --fail-on strong --json      for a pipeline: exit code 1 where drift is strong

Compares new rows with the rows that training held out, column by column, and their scores with those of the calibration.
Distance: of numbers, Kolmogorov and Smirnov's; of levels, the share of rows that would have to change level. PSI: the
population stability index. Slight from 0.1 of either, strong from 0.2 and 0.25, or where the missing share changed by 5 or
20 %; and only where the p-value, adjusted for the number of columns by Benjamini and Hochberg, is under 0.05.
Of more than 20,000 rows about as many are looked at, drawn at random.
Next: semivae recalibrate <bundle> <ordinary rows> where the scores drift, semivae train where the columns do.`;

export function addDrift(program: Command): void {
  const command = program
    .command('drift')
    .summary('compare new rows with those that training held out')
    .description('Tells by column and by score how new rows of a table differ from what a bundle knows.')
    .argument('<bundle>', 'the folder of a bundle of a table')
    .argument('[files...]', 'files of new rows, or patterns of them')
    .option('--out <file>', 'where the page goes', 'drift.html')
    .addOption(
      new Option('--fail-on <verdict>', 'exit with 1 where anything drifts so much').choices([
        'slight',
        'strong',
      ]),
    );
  shared(withTableFlags(command), help).action(runDrift);
}

/** The libraries that judge and draw are imported only here: other commands need not wait for them. */
async function runDrift(path: string, files: string[], options: DriftOptions): Promise<void> {
  const { drift } = await import('./drift-table.ts');
  return drift(path, files, options);
}
