import { writeAtomically } from '@semivae/data/node';
import { sheet } from '@semivae/export/node';
import type { GenerateOptions, Model } from '@semivae/runtime';
import type { Command } from 'commander';
import { forOtherBundles, natural, positive, type SharedOptions, scale, shared } from '../arguments.ts';
import { CommandFailure } from '../failure.ts';
import { checkNotInput } from '../inputs.ts';
import { type Output, openOutput } from '../output.ts';
import { withFormulaFlag } from '../row-output.ts';
import { loadBundle } from '../source.ts';
import { generateTable } from './generate-table.ts';

interface GenerateFlags extends SharedOptions {
  readonly label?: string;
  readonly count?: number;
  readonly seed: number;
  readonly temperature: number;
  readonly columns?: number;
  readonly out?: string;
  readonly escapeFormulas?: boolean;
}

const help = `
Examples:
  semivae generate models/digits-m2                          ten of each class
  semivae generate models/digits-m2 --label 7 --count 25 --columns 5 --out sevens.png
  semivae generate models/digits-m2 --temperature 0          the centre of each class
  semivae generate models/payments --count 1000 --out made-up.csv

Equal seeds give equal images and rows, in Node and in a browser.
Images are the means of p(x|y,z). Rows of a table are drawn from it, cell by cell: numbers scatter as the model has learned that
they do, counts are whole, levels come as often as they are probable. None of their cells is missing. Where the model has classes,
they come in turn, and a last column, label, says which.`;

export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .summary('draw new images, or rows of a table, from a bundle')
    .description(
      'Draws images from the model onto a PNG sheet, or rows of a table into a file, of one class or of each in turn.',
    )
    .argument('<bundle>', 'the folder of a bundle')
    .option('--label <label>', 'the class to draw (default: each in turn)')
    .option('--count <n>', 'how many (default: 10 of each class)', positive)
    .option('--seed <n>', 'decides the noise', natural, 0)
    .option('--temperature <t>', 'scale of the noise of the latent: 0 the centre, 1 the prior', scale, 1)
    .option('--columns <n>', 'images: how many in a row of the sheet (default: 10)', positive)
    .option(
      '--out <file>',
      'the PNG (default: samples.png); of a table .parquet, .csv, .tsv, .ndjson (default: samples.csv), -',
    );
  shared(withFormulaFlag(command), help).action(runGenerate);
}

async function runGenerate(bundle: string, flags: GenerateFlags): Promise<void> {
  const output = openOutput(flags.json === true);
  const model = await loadBundle(bundle);
  try {
    const isTable = model.manifest.input.kind === 'table';
    checkFitting(bundle, flags, isTable);
    const { out = isTable ? 'samples.csv' : 'samples.png' } = flags;
    await checkNotInput(out, { files: [bundle] });
    const { label, seed, temperature } = flags;
    const { count = 10 * (label === undefined ? Math.max(1, model.manifest.labels.length) : 1) } = flags;
    const drawing = { count, seed, temperature, ...(label !== undefined && { label }) };
    if (isTable) {
      const { escapeFormulas = false } = flags;
      await generateTable(model, { ...drawing, out, escapeFormulas }, output);
    } else await generateImages(model, drawing, { ...flags, out }, output);
  } finally {
    await model.dispose();
  }
}

/** Throws `GENERATE_OPTION` for an option that means nothing to the bundle. */
function checkFitting(bundle: string, flags: GenerateFlags, isTable: boolean): void {
  const strange = isTable ? flags.columns && '--columns' : flags.escapeFormulas && '--escape-formulas';
  if (!strange) return;
  const problem = forOtherBundles(strange, !isTable);
  throw new CommandFailure('GENERATE_OPTION', bundle, problem, 'Leave it out.');
}

async function generateImages(
  model: Model,
  drawing: GenerateOptions & { readonly count: number },
  { out, columns = 10 }: GenerateFlags & { readonly out: string },
  output: Output,
): Promise<void> {
  const images = await model.generate(drawing);
  await writeAtomically(out, sheet(images, { columns: Math.min(columns, drawing.count) }));
  output.say(`${drawing.count} images in ${out}`);
  output.answer({ out, ...drawing });
}
