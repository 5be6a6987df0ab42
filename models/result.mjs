// node models/result.mjs models/NAME runs/SEED1 runs/SEED2 … [--without runs/OTHER1 …]: writes result.json, the last epoch's
// figures over seeds; after --without stand the runs of the same seeds without the bound, to be shown beside them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...rest] = process.argv.slice(2);
const split = rest.includes('--without') ? rest.indexOf('--without') : rest.length;
const [runs, without] = [rest.slice(0, split), rest.slice(split + 1)];
if (!folder || runs.length === 0) {
  console.error(
    'usage: node models/result.mjs models/NAME runs/SEED1 runs/SEED2 … [--without runs/OTHER1 …]',
  );
  process.exit(2);
}

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const lastLine = (run) =>
  JSON.parse(readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n').at(-1));
const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
const spread = (values) =>
  Math.sqrt(
    values.reduce((sum, each) => sum + (each - mean(values)) ** 2, 0) / Math.max(1, values.length - 1),
  );
const rounded = (value) => Number(value.toFixed(3));

/** The last epoch's line of a run, which must be finished. */
function endOf(run) {
  const [end, { recipe }] = [lastLine(run), json(join(run, 'run.json'))];
  if (end.epoch !== recipe.epochs)
    throw new Error(`${run}: stopped at epoch ${end.epoch} of ${recipe.epochs}`);
  return end;
}

/** Mean and deviation of the test errors of runs, and the errors themselves. */
function errorOf(ends) {
  const errors = ends.map((end) => end.testError);
  return { mean: rounded(mean(errors)), std: rounded(spread(errors)), seeds: errors.map(rounded) };
}

const infos = runs.map((run) => json(join(run, 'run.json')));
const ends = runs.map(endOf);
const [{ recipe }] = infos;
const result = {
  data: recipe.data.name,
  labels: recipe.data.labels,
  track: 'PI',
  epochs: recipe.epochs,
  error: errorOf(ends),
  ...(without.length > 0 && { errorWithoutBound: errorOf(without.map(endOf)) }),
  seeds: infos.map((info) => info.seed),
  minutes: ends.map((end) => rounded(end.minutes)),
  machine: '2 cores, x86-64, AVX2',
  versions: infos[0].versions,
};
writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result));
