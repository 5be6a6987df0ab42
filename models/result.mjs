// node models/result.mjs models/NAME runs/SEED1 runs/SEED2 …: writes result.json, the last epoch's figures over seeds.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...runs] = process.argv.slice(2);
if (!folder || runs.length === 0) {
  console.error('usage: node models/result.mjs models/NAME runs/SEED1 runs/SEED2 …');
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

const infos = runs.map((run) => json(join(run, 'run.json')));
const ends = runs.map(lastLine);
for (const [i, { recipe }] of infos.entries()) {
  if (ends[i].epoch !== recipe.epochs)
    throw new Error(`${runs[i]}: stopped at epoch ${ends[i].epoch} of ${recipe.epochs}`);
}
const errors = ends.map((end) => end.testError);
const [{ recipe }] = infos;
const result = {
  data: recipe.data.name,
  labels: recipe.data.labels,
  track: 'PI',
  epochs: recipe.epochs,
  error: { mean: rounded(mean(errors)), std: rounded(spread(errors)), seeds: errors.map(rounded) },
  seeds: infos.map((info) => info.seed),
  minutes: ends.map((end) => rounded(end.minutes)),
  machine: '2 cores, x86-64, AVX2',
  versions: infos[0].versions,
};
writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result));
