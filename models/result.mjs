// node models/result.mjs models/NAME runs/SEED1 runs/SEED2 … [--without runs/OTHER1 …]: writes result.json, the figures of
// the epochs that ship over seeds, and tells them on the card; after --without stand the runs of the same seeds without the bound,
// to be shown beside them. With those alone, the figures that stand in result.json stay.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFinished, minutesBefore, shippedEpoch } from '@semivae/train';

const [folder, ...rest] = process.argv.slice(2);
const split = rest.includes('--without') ? rest.indexOf('--without') : rest.length;
const [runs, without] = [rest.slice(0, split), rest.slice(split + 1)];
if (!folder || runs.length + without.length === 0) {
  console.error(
    'usage: node models/result.mjs models/NAME [runs/SEED1 runs/SEED2 …] [--without runs/OTHER1 …]',
  );
  process.exit(2);
}

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const linesOf = (run) =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
const spread = (values) =>
  Math.sqrt(
    values.reduce((sum, each) => sum + (each - mean(values)) ** 2, 0) / Math.max(1, values.length - 1),
  );
const rounded = (value) => Number(value.toFixed(3));

/** The line of the epoch that ships of a run, which must be finished, with the minutes of all that it took. */
function endOf(run) {
  const [lines, info] = [linesOf(run), json(join(run, 'run.json'))];
  const { recipe } = info;
  const { epoch, minutes } = lines.at(-1);
  if (!isFinished(info, lines)) throw new Error(`${run}: stopped at epoch ${epoch} of ${recipe.epochs}`);
  return { ...lines[shippedEpoch(recipe, lines)], trained: epoch, minutes: minutes + minutesBefore(info) };
}

/** Mean and deviation of a figure over runs, and the figures themselves; nothing where they have none. */
function over(figures) {
  if (figures.some((each) => each === undefined)) return undefined;
  return { mean: rounded(mean(figures)), std: rounded(spread(figures)), seeds: figures.map(rounded) };
}

const errorOf = (ends) => over(ends.map((end) => end.testError));

/** What `semivae evaluate --json` told of a run, where reproduce.mjs asked. */
const toldOf = (run) => (existsSync(join(run, 'evaluation.json')) ? json(join(run, 'evaluation.json')) : {});

/** log p(x) in nats, over seeds, and how it was estimated. */
function likelihoodOf(told) {
  const each = told.map(({ likelihood }) => likelihood);
  const found = over(each.map((likelihood) => likelihood?.mean));
  if (!found) return undefined;
  const { standardError, n: rows, samples } = each[0];
  return { ...found, standardError: rounded(standardError), rows, samples };
}

const entry = existsSync(join(folder, 'entry.json')) ? json(join(folder, 'entry.json')) : {};
/** The figures of these runs. */
function resultOf() {
  const infos = runs.map((run) => json(join(run, 'run.json')));
  const ends = runs.map(endOf);
  const told = runs.map(toldOf);
  const [{ recipe, versions }] = infos;
  return {
    data: recipe.data.name,
    labels: recipe.data.labels,
    track: entry.track ?? 'PI',
    epochs: recipe.epochs,
    ...(recipe.patience && { stoppedAt: ends.map((end) => end.trained) }),
    error: errorOf(ends),
    samplesJudgedRight: over(told.map(({ judge }) => judge?.accuracy)),
    logLikelihood: likelihoodOf(told),
    seeds: infos.map((info) => info.seed),
    minutes: ends.map((end) => rounded(end.minutes)),
    machine: '2 cores, x86-64, AVX2',
    versions,
  };
}

const result = {
  ...(runs.length > 0 ? resultOf() : json(join(folder, 'result.json'))),
  ...(without.length > 0 && { errorWithoutBound: errorOf(without.map(endOf)) }),
};
writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);

/** A line of the card's table for a figure that there is; of one run alone there is no deviation. */
function row(what, figure) {
  if (!figure) return [];
  const { mean, std, seeds } = figure;
  return [`| ${what} | ${mean}${seeds.length > 1 ? ` ± ${std}` : ''} % | ${seeds.join(', ')} |`];
}

/** What a card says of all seeds: with the bound, and without it where that was trained. */
function overSeeds({ error, errorWithoutBound, samplesJudgedRight, seeds, minutes, machine }) {
  const twins = without.map((run) => json(join(run, 'run.json')).seed);
  const rows = [
    ...row(errorWithoutBound ? 'test error, with the bound' : 'test error', error),
    ...row(
      `test error without the bound, seed${twins.length > 1 ? 's' : ''} ${twins.join(', ')}`,
      errorWithoutBound,
    ),
    ...row('samples that a judge takes for their class', samplesJudgedRight),
  ];
  return `## Over seeds

| | mean ± standard deviation | seeds ${seeds.join(', ')} |
|---|---|---|
${rows.join('\n')}

Minutes: ${minutes.join(', ')} (${machine}).

`;
}

/** The card with that section before its limits, in place of an older one. */
function tellOnCard(path) {
  if (!existsSync(path)) return;
  const card = readFileSync(path, 'utf8').replace(/## Over seeds\n[\s\S]*?(?=## )/, '');
  writeFileSync(path, card.replace('## Limits', `${overSeeds(result)}## Limits`));
}

tellOnCard(join(folder, 'README.md'));
console.log(JSON.stringify(result));
