// node models/reproduce.mjs NAME … [--data-dir DIR] [--seeds 1,2,3] [--threads N]: trains what models/NAME/entry.json names, over
// its seeds, evaluates, ships the first one's bundle and writes its figures. Runs go into runs/; one that
// is finished is not trained again. DIR is a folder with one of each data set, or of the one asked for; without it they are fetched.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(here, '../packages/cli/bin/semivae.js');
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const entries = () => readdirSync(here).filter((name) => existsSync(join(here, name, 'entry.json')));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'data-dir': { type: 'string' }, seeds: { type: 'string' }, threads: { type: 'string' } },
});
if (positionals.length === 0 || positionals.some((name) => !entries().includes(name))) {
  console.error(`usage: node models/reproduce.mjs NAME … [--data-dir DIR] [--seeds 1,2,3] [--threads N]
NAME is one of ${entries().join(', ')}`);
  process.exit(2);
}

/** Runs a script with these words; gives what it says on stdout where that is asked for. */
function run(script, words, { read = false } = {}) {
  console.error(`> ${[script, ...words].map((each) => (each === cli ? 'semivae' : each)).join(' ')}`);
  const stdio = ['inherit', read ? 'pipe' : 'inherit', 'inherit'];
  const { status, stdout } = spawnSync(process.execPath, [script, ...words], { stdio, encoding: 'utf8' });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

const threads = values.threads === undefined ? [] : ['--threads', values.threads];
const data = values['data-dir'] === undefined ? [] : ['--data-dir', values['data-dir']];

/** Trains a recipe with a seed, after those that it begins with and is taught by; gives the folder of its run. */
function train(name, seed, { without = false } = {}) {
  const entry = json(join(here, name, 'entry.json'));
  const folder = join('runs', `${name}${without ? '-without-bound' : ''}-seed${seed}`);
  const first = entry.first ? ['--init-from', train(entry.first, seed)] : [];
  const teachers = (entry.taughtBy ?? []).flatMap((each) => ['--taught-by', train(each, seed)]);
  const flags = [...data, ...threads];
  const begun = existsSync(join(folder, 'run.json'));
  const what = [
    '--recipe',
    join(here, name, 'recipe.json'),
    '--seed',
    String(seed),
    '--out',
    folder,
    ...first,
    ...teachers,
  ];
  const set = without ? ['--set', 'objective.boundWeight=0'] : [];
  run(cli, ['train', ...(begun ? ['--resume', folder] : [...what, ...set]), ...flags]);
  return folder;
}

/** Writes what an entry asks of a trained run beside it: log-likelihood, how a judge takes its samples. */
function evaluate({ evaluate: asked = [], judge }, folder) {
  const told = join(folder, 'evaluation.json');
  if ((asked.length === 0 && !judge) || existsSync(told)) return;
  const words = [...asked, ...(judge ? ['--judge', train(judge, 1)] : []), ...data, ...threads];
  writeFileSync(told, run(cli, ['evaluate', folder, ...words, '--json'], { read: true }));
}

function reproduce(name) {
  const entry = json(join(here, name, 'entry.json'));
  const seeds = values.seeds?.split(',').map(Number) ?? entry.seeds;
  const runs = seeds.map((seed) => train(name, seed));
  const twins = (entry.withoutBound ?? []).filter((seed) => seeds.includes(seed));
  const without = twins.map((seed) => train(name, seed, { without: true }));
  if (entry.ships === false && !entry.evaluate) return;
  for (const each of runs) evaluate(entry, each);
  if (entry.ships !== false) run(cli, ['export', runs[0], '--out', join(here, name), '--name', name]);
  run(join(here, 'result.mjs'), [
    join(here, name),
    ...runs,
    ...(without.length > 0 ? ['--without', ...without] : []),
  ]);
}

for (const name of positionals) reproduce(name);
