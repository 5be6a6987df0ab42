import { sheet } from '@semivae/export/node';
import type { Label } from '@semivae/runtime';
import { writeAtomically } from '@semivae/train/node';
import type { Command } from 'commander';
import { natural, positive, type SharedOptions, scale, shared } from '../arguments.ts';
import { checkNotInput } from '../inputs.ts';
import { openOutput } from '../output.ts';
import { loadBundle } from '../source.ts';

interface GenerateFlags extends SharedOptions {
  readonly label?: Label;
  readonly count?: number;
  readonly seed: number;
  readonly temperature: number;
  readonly columns: number;
  readonly out: string;
}

const help = `
Examples:
  semivae generate models/digits-m2                          ten of each class
  semivae generate models/digits-m2 --label 7 --count 25 --columns 5 --out sevens.png
  semivae generate models/digits-m2 --temperature 0          the centre of each class

Equal seeds give equal images, in Node and in a browser.`;

export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .summary('draw new images from a bundle')
    .description('Draws images from the model, of one class or of each in turn, onto a PNG sheet.')
    .argument('<bundle>', 'the folder of a bundle')
    .option('--label <label>', 'the class to draw (default: each in turn)')
    .option('--count <n>', 'how many (default: 10 of each class)', positive)
    .option('--seed <n>', 'decides the noise', natural, 0)
    .option('--temperature <t>', 'scale of the noise: 0 the centre, 1 the prior', scale, 1)
    .option('--columns <n>', 'images in a row of the sheet', positive, 10)
    .option('--out <file>', 'the PNG', 'samples.png');
  shared(command, help).action(runGenerate);
}

async function runGenerate(bundle: string, flags: GenerateFlags): Promise<void> {
  const output = openOutput(flags.json === true);
  const { label, seed, temperature, columns, out } = flags;
  await checkNotInput(out, { files: [bundle] });
  const model = await loadBundle(bundle);
  const { count = 10 * (label === undefined ? Math.max(1, model.manifest.labels.length) : 1) } = flags;
  const images = await model.generate({ count, seed, temperature, ...(label !== undefined && { label }) });
  await model.dispose();
  await writeAtomically(out, sheet(images, { columns: Math.min(columns, count) }));
  output.say(`${count} images in ${out}`);
  output.answer({ out, count, seed, temperature, ...(label !== undefined && { label }) });
}
