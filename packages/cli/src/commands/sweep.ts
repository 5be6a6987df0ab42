import type { Command } from 'commander';
import { gathered, natural, positive, shared } from '../arguments.ts';
import { engineOption } from '../engine.ts';
import type { SweepOptions } from './sweep-trainings.ts';

const help = `
Examples:
  semivae sweep mnist-m2 --seeds 5                  one recipe, five seeds: mean ± standard deviation
  semivae sweep digits-m2 --set data.validation=500 --grid optimizer.learningRate=1e-3,3e-3 --grid model.latent=8,16
  semivae sweep digits-m2 --set data.validation=500 --grid 'model.hidden=[256],[256,256]' --seeds 2
  semivae sweep digits-m2 --set data.validation=500 --random 20 --range optimizer.learningRate=1e-4..1e-2:log \\
    --range model.latent=8..64 --range model.activation=relu,softplus
  semivae sweep table --set data.name=payments.csv --grid objective.hide=0,0.25 --jobs 1

A grid is every combination of its values. Commas part values; several numbers of one value stand in brackets, and want
quotes in a shell. --random draws each --range anew so many times: evenly from low..high, evenly in the logarithm with
:log, or one of a list; whole numbers where the field is one. The same --seed draws the same, and more draws keep the first.

Every setting is trained with the seeds 1 to --seeds, each by a process of its own, --jobs of them at a time:
  <out>/results.jsonl     a line for each that is finished: fields, seed, minutes, metrics of what ships
  <out>/<setting>-seed1/  its run, as semivae train makes it, and <setting>-seed1.log with what it said
Ctrl-C has them save. The same command goes on: what is finished stays, what was begun goes on bit for bit; it may ask for
more settings or seeds than before.

The table is ordered by what the held-out rows say (--set data.validation), never unasked by the test rows: the best of
many settings on the test rows looks better than it is. ± is the standard deviation of a sample (n − 1) over seeds.
Exit code 1 where trainings failed, 2 where all did by a mistake that can be mended.
Next: semivae export <out>/<setting>-seed1, semivae inspect <out>/<setting>-seed1.`;

export function addSweep(program: Command): void {
  const command = program
    .command('sweep')
    .summary('train a recipe with other settings and seeds, and compare')
    .description(
      'Trains every setting with several seeds, and tells mean and deviation of each, the best first.',
    )
    .argument('<recipe>', 'a built-in recipe or a JSON file')
    .option('--grid <path=v1,v2>', 'values of a field to try; may be repeated', gathered)
    .option('--random <n>', 'draw so many settings from the ranges', positive)
    .option('--range <path=low..high>', 'what --random draws a field from; may be repeated', gathered)
    .option('--seed <n>', 'decides what --random draws (default: 1)', natural)
    .option('--seeds <n>', 'train each setting with the seeds 1 to n', positive, 3)
    .option('--set <path=value>', 'set a field in all settings; may be repeated', gathered)
    .option('--epochs <n>', 'how often each row is seen')
    .option('--init-from <run>', 'every training begins with what this run has found')
    .option('--data-dir <folder>', 'read a named data set from here instead of downloading it')
    .option('--jobs <n>', 'trainings at a time', positive, 2)
    .addOption(engineOption())
    .option('--threads <n>', 'threads of ONNX Runtime for each training (default: 1 if --jobs > 1)', positive)
    .option('--by <figure>', 'what the table is ordered by, such as validationError or loss')
    .option('--out <folder>', 'where the sweep goes (default: sweeps/<recipe>)');
  shared(command, help).action(runSweep);
}

/** The library with the statistics is imported only here: other commands, and every training, need not wait for it. */
async function runSweep(recipe: string, options: SweepOptions): Promise<void> {
  const { sweep } = await import('./sweep-trainings.ts');
  return sweep(recipe, options);
}
