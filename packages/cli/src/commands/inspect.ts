import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { decode, type OnnxFile, type OnnxPort } from '@semivae/graph';
import { parseRecipe, type Recipe, recipeFields, recipeJsonSchema, recipes, TABLE } from '@semivae/recipe';
import { type FileEntry, folderFiles, type Manifest, readChecked, type TensorSpec } from '@semivae/runtime';
import {
  hasCheckpoint,
  hasStopped,
  isFinished,
  latentOf,
  type MetricsLine,
  type RunInfo,
  readCheckpoint,
  readMetrics,
  readRun,
} from '@semivae/train/node';
import type { Command } from 'commander';
import { type SharedOptions, shared } from '../arguments.ts';
import { CommandFailure } from '../failure.ts';
import { type Output, openOutput } from '../output.ts';
import { kindOf, loadBundle } from '../source.ts';
import { showBytes, showMinutes, showPercent, sparkline, table } from '../table.ts';
import { calibrationFact, showBundleColumns, showRunColumns, tableRunFact } from './inspect-table.ts';

interface InspectOptions extends SharedOptions {
  readonly schema?: boolean;
  readonly recipes?: boolean;
}

const help = `
Examples:
  semivae inspect runs/digits-m2-seed1        how a training went, and what its recipe changes
  semivae inspect models/digits-m2            what a bundle takes, gives and was trained on; checks its hashes
  semivae inspect models/payments             of a table also its columns, its score and its threshold
  semivae inspect models/digits-m2/scorer.onnx
  semivae inspect --recipes
  semivae inspect --schema > recipe.schema.json`;

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .summary('show a run, a bundle or an ONNX file; list recipes')
    .description('Shows what a run, a bundle or an ONNX file is.')
    .argument('[path]', 'a run, a bundle, or an ONNX file')
    .option('--schema', 'print the JSON Schema of recipes')
    .option('--recipes', 'list the built-in recipes');
  shared(command, help).action(runInspect);
}

async function runInspect(path: string | undefined, options: InspectOptions): Promise<void> {
  const output = openOutput(options.json === true);
  if (options.schema) return inspectSchema(output);
  if (options.recipes) return inspectRecipes(output);
  if (path === undefined) {
    const remedy = 'Name a run, a bundle or an ONNX file; or give --recipes or --schema.';
    throw new CommandFailure('INSPECT_WHAT', 'inspect', 'there is nothing to show', remedy);
  }
  const kind = await kindOf(path);
  await { run: inspectRun, bundle: inspectBundle, onnx: inspectOnnx }[kind](path, output);
}

function inspectSchema(output: Output): void {
  const schema = recipeJsonSchema() as object;
  output.say(JSON.stringify(schema, null, 2));
  output.answer(schema);
}

function inspectRecipes(output: Output): void {
  const lines = Object.values(recipes).map(({ name, data, model, epochs }) => [
    name,
    data.name,
    name === TABLE ? `${model.kind}, or m2 with --label-column` : model.kind,
    name === TABLE ? 'all there are' : String(data.labels),
    String(epochs),
  ]);
  output.say(table([['recipe', 'data', 'model', 'labels', 'epochs'], ...lines]));
  output.answer(recipes);
}

const valueAt = (recipe: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], recipe);

/** A field of a recipe that is not as it is when left out. */
interface Difference {
  readonly path: string;
  readonly value: unknown;
  readonly default: unknown;
}

/** Fields that are not as when left out; one that stands in another of its shapes is told by the fields of that shape. */
function differences(recipe: Recipe): Difference[] {
  const plain = parseRecipe({});
  return recipeFields
    .filter(({ path, type }) => type !== 'array' || Array.isArray(valueAt(recipe, path)))
    .map(({ path }) => ({ path, value: valueAt(recipe, path), default: valueAt(plain, path) }))
    .filter((each) => JSON.stringify(each.value) !== JSON.stringify(each.default));
}

const show = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

/** Label and value, line by line. */
const facts = (pairs: readonly (readonly [string, string | undefined])[]): string =>
  pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(11)} ${value}`)
    .join('\n');

async function inspectRun(folder: string, output: Output): Promise<void> {
  const [info, lines] = await Promise.all([readRun(folder), readMetrics(folder)]);
  const checkpoint = (await hasCheckpoint(folder)) ? await readCheckpoint(folder) : undefined;
  const changed = differences(info.recipe);
  output.say(runFacts(folder, info, lines, checkpoint?.step));
  output.say('\nrecipe, where it differs from the defaults');
  output.say(
    table([
      ['field', 'here', 'default'],
      ...changed.map((each) => [each.path, show(each.value), show(each.default)]),
    ]),
  );
  const { columns } = info.data;
  if (columns.kind === 'table') output.say(`\n${showRunColumns(columns)}`);
  if (lines.length > 0) output.say(`\n${curves(lines)}`);
  const step = checkpoint?.step ?? null;
  const finished = isFinished(info, lines);
  const { recipe, seed, engine, versions, data } = info;
  const { trainRows, testRows, anomalies, classes } = data;
  const known = { name: data.name, columns, classes, trainRows, testRows, anomalies };
  const told = { finished, step, recipe, seed, engine, versions, data: known, metrics: lines };
  output.answer({ kind: 'run', run: folder, ...told });
}

function runFacts(
  folder: string,
  info: RunInfo,
  lines: readonly MetricsLine[],
  step: number | undefined,
): string {
  const { recipe, seed, data, engine, versions, initFrom, taughtBy } = info;
  const last = lines.at(-1);
  const early = hasStopped(recipe, lines) ? ', stopped early' : '';
  const done = isFinished(info, lines) ? `${early}, finished` : `; go on: semivae train --resume ${folder}`;
  return facts([
    ['run', folder],
    ['recipe', `${recipe.name}, seed ${seed}`],
    ['data', data.columns.kind === 'table' ? tableRunFact(info) : imageRunFact(info)],
    ['classes', data.columns.kind === 'table' && data.classes.length ? data.classes.join(', ') : undefined],
    [
      'model',
      `${recipe.model.kind}, hidden ${recipe.model.hidden.join(', ')}, latent ${latentOf(recipe, data.columns)}`,
    ],
    [
      'progress',
      `${last?.epoch ?? 0} of ${recipe.epochs} epochs in ${showMinutes(last?.minutes ?? 0)}${done}`,
    ],
    ['begun with', initFrom && `${initFrom.run}: ${initFrom.taken} of ${initFrom.parameters} parameters`],
    ['taught by', taughtBy?.map(({ run }) => run).join(', ')],
    ['checkpoint', step === undefined ? 'none yet' : `step ${step}`],
    [
      'engine',
      `${engine} (${Object.entries(versions)
        .map((each) => each.join(' '))
        .join(', ')})`,
    ],
  ]);
}

const imageRunFact = ({ data, recipe }: RunInfo): string =>
  `${data.name}: ${data.trainRows} training rows, ${recipe.data.labels} labels, ${data.testRows} test rows`;

/** Each metric over the epochs. */
function curves(lines: readonly MetricsLine[]): string {
  const names = Object.keys(lines[0]!).filter((name) => !['step', 'epoch', 'minutes'].includes(name));
  return table([
    ['metric', 'first', 'last', 'over the epochs'],
    ...names.map((name) => {
      const values = lines.map((line) => line[name]!);
      const number = (value: number) => (name.endsWith('Error') ? showPercent(value) : value.toFixed(3));
      return [name, number(values[0]!), number(values.at(-1)!), sparkline(values)];
    }),
  ]);
}

const showShape = (shape: OnnxPort['shape']): string => `[${shape.join(', ')}]`;
const showPort = ({ name, type, shape }: TensorSpec | OnnxPort): string =>
  `${name} ${type}${showShape(shape)}`;

/** Trained numbers in ONNX files, each parameter once however many files it stands in. */
function countParameters(files: readonly OnnxFile[]): number {
  const named = new Map<string, number>();
  for (const { tensors } of files) {
    for (const { name, shape } of tensors) {
      if (/^[pq]\(/.test(name))
        named.set(
          name,
          shape.reduce((product, size) => product * size, 1),
        );
    }
  }
  return [...named.values()].reduce((sum, each) => sum + each, 0);
}

async function readHeads(folder: string, { heads }: Manifest): Promise<OnnxFile[]> {
  const entries = Object.values(heads) as Manifest['heads']['encoder'][];
  const files = folderFiles(folder);
  return Promise.all(entries.map(async (head) => decode(await readChecked(files, head), head.file)));
}

async function inspectBundle(folder: string, output: Output): Promise<void> {
  const model = await loadBundle(folder);
  const { manifest } = model;
  await model.dispose();
  for (const file of besides(manifest)) await readChecked(folderFiles(folder), file);
  const parameters = countParameters(await readHeads(folder, manifest));
  output.say(bundleFacts(manifest, parameters));
  if (manifest.input.kind === 'table') output.say(`\n${showBundleColumns(manifest)}`);
  output.say(`\n${headTable(manifest)}`);
  output.say(`\n${fileTable(manifest)}`);
  output.say('every size and SHA-256 is as the manifest says');
  output.answer({ kind: 'bundle', bundle: folder, parameters, manifest });
}

/** The files of a bundle that are no heads. */
const besides = ({ parity, reference }: Manifest): FileEntry[] => [parity, ...(reference ? [reference] : [])];

function inputFact(input: Manifest['input']): string {
  if (input.kind === 'image')
    return `${input.width}×${input.height}×${input.channels} raw bytes, encoded inside as ${input.encoding}`;
  const used = input.columns.filter(({ kind }) => kind !== 'ignored');
  return `raw cells of ${used.length} columns, encoded inside; ${input.columns.length - used.length} ignored`;
}

function bundleFacts(manifest: Manifest, parameters: number): string {
  const { name, description, model, input, labels, latent, score, calibration, training, versions } =
    manifest;
  const { testError, validationError, loss } = training.metrics;
  const seen = labels.length
    ? `${training.labelled} of ${training.rows} rows labelled`
    : `${training.rows} rows`;
  return facts([
    ['name', name],
    ['what', description],
    ['model', `${model.kind}: ${model.paper}`],
    ['parameters', `${parameters}`],
    ['input', inputFact(input)],
    ['labels', labels.length ? labels.join(', ') : 'none'],
    ['latent', `${latent.size}`],
    ['score', scoreFact(score)],
    ['calibration', calibration && calibrationFact(calibration)],
    ['trained on', `${training.data}: ${seen}, seed ${training.seed}`],
    ['trained for', `${training.epochs} epochs, ${training.steps} steps, by ${training.engine}`],
    ['test error', testError === undefined ? undefined : showPercent(testError)],
    ['validation', validationError === undefined ? undefined : showPercent(validationError)],
    ['loss', loss === undefined ? undefined : `${loss.toFixed(2)} nats a row`],
    [
      'versions',
      Object.entries(versions)
        .map((each) => each.join(' '))
        .join(', '),
    ],
  ]);
}

const scoreFact = ({ kind, meaning, bound, unit, parts = [] }: Manifest['score']): string =>
  kind === 'bound'
    ? `${meaning}; ${bound}, in ${unit}`
    : [meaning, ...parts, `beside it nll: the ${bound}, in nats`].join(`\n${' '.repeat(12)}`);

const headTable = ({ heads }: Manifest): string =>
  table([
    ['head', 'takes', 'gives'],
    ...Object.entries(heads).map(([name, { inputs, outputs }]) => [
      name,
      inputs.map(showPort).join(', '),
      outputs.map(showPort).join(', '),
    ]),
  ]);

const fileTable = (manifest: Manifest): string =>
  table([
    ['file', 'size', 'sha256'],
    ...[...Object.values(manifest.heads), ...besides(manifest)].map(({ file, bytes, sha256 }) => [
      file,
      showBytes(bytes),
      `${sha256.slice(0, 12)}…`,
    ]),
  ]);

async function inspectOnnx(path: string, output: Output): Promise<void> {
  const bytes = await readFile(path);
  const file = decode(bytes, path);
  const ops = countOps(file);
  const parameters = countParameters([file]);
  const { name, description, producer, opset, irVersion, inputs, outputs, metadata } = file;
  output.say(
    facts([
      ['file', `${basename(path)}, ${showBytes(bytes.length)}`],
      ['graph', name],
      ['what', description || undefined],
      ['written by', `${producer || 'unknown'}; opset ${opset}, IR ${irVersion}`],
      ['takes', inputs.map(showPort).join(', ')],
      ['gives', outputs.map(showPort).join(', ')],
      ['parameters', `${parameters} in ${file.tensors.length} stored tensors`],
      ...Object.entries(metadata),
    ]),
  );
  output.say(`\n${table([['operation', 'count'], ...ops.map(([op, count]) => [op, String(count)])])}`);
  const shown = { name, description, producer, opset, irVersion, inputs, outputs, metadata };
  output.answer({ kind: 'onnx', file: path, ...shown, parameters, ops: Object.fromEntries(ops) });
}

function countOps({ nodes }: OnnxFile): [op: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
