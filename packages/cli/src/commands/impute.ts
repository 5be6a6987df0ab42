import type { Cells } from '@semivae/data';
import { openTableWriter, type TableWriter } from '@semivae/data/node';
import type { Model } from '@semivae/runtime';
import type { Command } from 'commander';
import { positive, type SharedOptions, shared } from '../arguments.ts';
import {
  asking,
  type BundleTable,
  openBundleTable,
  ROWS_IN_A_CHUNK,
  type TableFlags,
  withTableFlags,
} from '../bundle-table.ts';
import { checkNotInput } from '../inputs.ts';
import { checkInterruption } from '../interruption.ts';
import { type Output, openOutput } from '../output.ts';
import { checkStdout, isStdout, noteFormulas, tellerBeside, withFormulaFlag } from '../row-output.ts';
import { openRowProgress, type RowProgress, showCount } from '../row-progress.ts';
import { loadBundle } from '../source.ts';
import { table as showTable } from '../table.ts';

interface ImputeOptions extends SharedOptions, TableFlags {
  readonly out: string;
  readonly limit?: number;
  readonly escapeFormulas?: boolean;
}

const help = `
Examples:
  semivae impute models/payments new.csv --out filled.csv
  semivae impute models/people 'people/*.parquet' --missing ?,NA --out filled.parquet

A missing number becomes its mean given what is there of its row, importance-weighted over draws of the latent; a missing
level the most probable one. Known cells stay. Columns that the model does not look at come first, as they are.
The file comes into being when all rows are done, and not before; --out - writes CSV to stdout.`;

export function addImpute(program: Command): void {
  const command = program
    .command('impute')
    .summary('fill the holes of a table')
    .description('Fills missing cells with what the model expects there, given the rest of the row.')
    .argument('<bundle>', 'the folder of a bundle of a table')
    .argument('[files...]', 'files of the table, or patterns of them')
    .requiredOption('--out <file>', 'where the rows go: .parquet, .csv, .tsv, .ndjson, or - for stdout')
    .option('--limit <n>', 'the first n rows only', positive);
  shared(withFormulaFlag(withTableFlags(command)), help).action(runImpute);
}

async function runImpute(bundle: string, files: string[], options: ImputeOptions): Promise<void> {
  const output = openOutput(options.json === true);
  checkStdout(options.out, output);
  await checkNotInput(options.out, { files: [bundle, ...files], sql: options.sql });
  const model = await loadBundle(bundle);
  try {
    const opened = await openBundleTable(model.manifest, files, options, output);
    try {
      await filled(model, opened, options, output);
    } finally {
      await opened.table.close();
    }
  } finally {
    await model.dispose();
  }
}

/** Reads, fills and writes all rows. */
async function filled(
  model: Model,
  opened: BundleTable,
  { out, escapeFormulas = false }: ImputeOptions,
  output: Output,
): Promise<void> {
  const { table, names, memory } = opened;
  const columns = table.columns.filter(({ name }) => names.includes(name));
  const order = table.columns.map(({ name }) => name);
  const keep = order.filter((name) => !names.includes(name));
  const writer = await openTableWriter(out, columns, { beside: table, keep, order, memory, escapeFormulas });
  const progress = openRowProgress('filling', table.rows);
  let counts: Counts;
  try {
    counts = await fillAll(model, opened, writer, progress);
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    progress.stop();
  }
  noteFormulas(await writer.close(), output);
  report(counts, table.rows, out, output);
}

/** Missing cells by column. */
type Counts = Readonly<Record<string, number>>;

async function fillAll(
  model: Model,
  { table, names }: BundleTable,
  writer: TableWriter,
  progress: RowProgress,
): Promise<Counts> {
  const holes = new Float64Array(names.length);
  for await (const chunk of table.chunks(names, ROWS_IN_A_CHUNK)) {
    const whole = await asking(
      table,
      (row) => chunk.start + row,
      () => model.imputeColumns(chunk.columns),
    );
    await writer.append(whole);
    names.forEach((name, at) => {
      holes[at]! += missingIn(chunk.columns[name]!);
    });
    progress.rows(chunk.start + chunk.rows);
    await checkInterruption(table.place);
  }
  return Object.fromEntries(names.map((name, at) => [name, holes[at]!]));
}

function missingIn(cells: Cells): number {
  let missing = 0;
  for (let i = 0; i < cells.length; i++) if (cells[i] === '' || Number.isNaN(cells[i])) missing++;
  return missing;
}

function report(counts: Counts, rows: number, out: string, output: Output): void {
  const tell = tellerBeside(out, output);
  const holes = Object.entries(counts).filter(([, count]) => count > 0);
  const all = holes.reduce((sum, [, count]) => sum + count, 0);
  if (all > 0)
    tell(showTable([['column', 'filled'], ...holes.map(([name, count]) => [name, showCount(count)])]));
  tell(`${showCount(all)} cells filled in ${showCount(rows)} rows${isStdout(out) ? '' : `, in ${out}`}`);
  output.answer({ rows, filled: Object.fromEntries(holes), cells: all, out });
}
