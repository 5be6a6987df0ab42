import type { Command } from 'commander';
import { rate, shared } from '../arguments.ts';
import { withTableFlags } from '../bundle-table.ts';
import type { ReportOptions } from './report-page.ts';

const help = `
Examples:
  semivae report runs/payments
  semivae report runs/payments --data checked.csv --label-column fraud --anomaly-label 1 --out payments.html
  semivae report models/connections --data test.csv --label-column attack --normal-label normal
  semivae report runs/digits-m2-seed1

Writes one HTML page that opens anywhere, offline too. Of a run of a table: how training went; how calibration rows score,
where the threshold lies and whether the promised rate of false alarms is kept; which rows are strangest, and why; how
classes are told apart; a map of the latent space; the columns. A bundle keeps no rows and no curves: give it --data.
Labels in --data add how well anomalies are found. Of more than 20,000 rows about as many are looked at, drawn at random.
Of images: how training went, drawings, the confusion matrix of the test set.
Next: semivae evaluate for the same figures as JSON.`;

export function addReport(program: Command): void {
  const command = program
    .command('report')
    .summary('write a page about a run or a bundle')
    .description('Writes all there is to see of a run or a bundle into one self-contained HTML page.')
    .argument('<run|bundle>', 'the folder of a run or of a bundle')
    .option('--out <file>', 'where the page goes', 'report.html')
    .option('--data <name>', 'rows to show: files of a table, with labels or without; of images, a test set')
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it')
    .option('--label-column <name>', 'the column with labels (default: as in training, if it is there)')
    .option('--anomaly-label <label>', 'rows with this label are anomalies (default: as in training)')
    .option('--normal-label <label>', 'rows with this label are ordinary, all others with a label anomalies')
    .option(
      '--fpr <rate>',
      "the rate of false alarms that the threshold keeps (default: the bundle's own)",
      rate,
    );
  shared(withTableFlags(command), help).action(runReport);
}

/** The libraries that draw are imported only here: other commands need not wait for them. */
async function runReport(path: string, options: ReportOptions): Promise<void> {
  const { report } = await import('./report-page.ts');
  return report(path, options);
}
