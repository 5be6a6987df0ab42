import { isThreshold, thresholdFor } from './conformal.ts';
import { agreeing } from './contract.ts';
import { BundleMalformed, BundleTooNew, CalibrationForeign } from './errors.ts';
import {
  at,
  count,
  differing,
  distinct,
  type Field,
  fileName,
  filled,
  finite,
  list,
  matching,
  number,
  one,
  oneOf,
  optional,
  record,
  text,
} from './fields.ts';
import {
  type Calibration,
  columnKinds,
  type EarlierRun,
  type FileEntry,
  formatVersion,
  type Head,
  type ImageInput,
  type InputColumn,
  type Level,
  type Manifest,
  manifestFile,
  type Origin,
  type Score,
  type TensorSpec,
  tensorTypes,
} from './manifest.ts';
import { dateOrders, dateUnits, type Written } from './written.ts';

/** Reads manifest.json; fields it does not know are left out. Throws BUNDLE_MALFORMED, which names the field, BUNDLE_TOO_NEW or CALIBRATION_FOREIGN. */
export function readManifest(text: string, place: string = manifestFile): Manifest {
  const root = at(place, '', parse(text, place));
  one(root.of('format'), 'semivae-bundle');
  const version = count(root.of('formatVersion'), 1);
  if (version > formatVersion) throw new BundleTooNew(place, version, formatVersion);
  const manifest = agreeing(root, manifestOf(root, version as Manifest['formatVersion']));
  requireOwnCalibration(manifest, place);
  return manifest;
}

/** Throws CALIBRATION_FOREIGN where the scores are of another scorer: they would keep no rate of this one. */
function requireOwnCalibration({ calibration, heads }: Manifest, place: string): void {
  const scorer = calibration?.scorer;
  if (scorer !== undefined && scorer !== heads.scorer.sha256)
    throw new CalibrationForeign(`${place}, calibration`);
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BundleMalformed(place, `not JSON (${(cause as Error).message})`, { cause });
  }
}

function manifestOf(root: Field, version: Manifest['formatVersion']): Manifest {
  return {
    format: 'semivae-bundle',
    formatVersion: version,
    ...since3('checksum', root, version, hashOf),
    name: filled(root.of('name')),
    description: text(root.of('description')),
    model: modelOf(root.of('model')),
    input: inputOf(root.of('input')),
    labels: distinct(root.of('labels')),
    latent: { size: count(root.of('latent').of('size'), 1) },
    heads: headsOf(root.of('heads')),
    score: scoreOf(root.of('score'), version),
    ...optional('calibration', root, (field) => calibrationOf(field, version)),
    ...optional('reference', root, entryOf),
    training: trainingOf(root.of('training')),
    parity: entryOf(root.of('parity')),
    versions: record(root.of('versions'), text),
  };
}

/** A field that every manifest has from version 3 on. */
function since3<K extends string, T>(
  key: K,
  parent: Field,
  version: Manifest['formatVersion'],
  read: (field: Field) => T,
): { [key in K]?: T } {
  return version < 3 ? optional(key, parent, read) : ({ [key]: read(parent.of(key)) } as { [key in K]: T });
}

function modelOf(field: Field): Manifest['model'] {
  const size = (each: Field) => (Array.isArray(each.value) ? list(each, number) : number(each));
  return {
    kind: text(field.of('kind')),
    paper: text(field.of('paper')),
    sizes: record(field.of('sizes'), size),
  };
}

function inputOf(field: Field): Manifest['input'] {
  const kind = oneOf(field.of('kind'), ['image', 'table']);
  return kind === 'image' ? imageOf(field) : { kind, columns: columnsOf(field.of('columns')) };
}

function imageOf(field: Field): ImageInput {
  return {
    kind: 'image',
    width: count(field.of('width'), 1),
    height: count(field.of('height'), 1),
    channels: oneOf(field.of('channels'), [1, 3]),
    type: one(field.of('type'), 'uint8'),
    encoding: text(field.of('encoding')),
  };
}

function columnsOf(field: Field): InputColumn[] {
  const columns = list(field, columnOf);
  if (columns.every(({ kind }) => kind === 'ignored')) field.fail('a column that is not ignored');
  differing(
    field,
    columns.map(({ name }) => name),
  );
  return columns;
}

function columnOf(field: Field): InputColumn {
  const name = text(field.of('name'));
  const kind = oneOf(field.of('kind'), columnKinds);
  if (kind === 'ignored') {
    if (field.of('tensor').value !== undefined) field.of('tensor').fail('nothing, as the column is ignored');
    return { name, kind, ...optional('reason', field, text) };
  }
  const discrete = kind === 'binary' || kind === 'categorical';
  const tensor = oneOf(
    field.of('tensor'),
    discrete ? (['numbers', 'texts'] as const) : (['numbers'] as const),
  );
  const levels = discrete && { levels: levelsOf(field.of('levels'), kind, tensor) };
  const written = tensor === 'numbers' && optional('written', field, writtenOf);
  return { name, kind, tensor, ...levels, ...written, ...optional('encoding', field, text) };
}

const writtenOf = (field: Field): Written => ({
  ...optional('decimal', field, (decimal) => oneOf(decimal, ['.', ','] as const)),
  ...optional('date', field, (date) => oneOf(date, [...dateOrders, ...dateUnits])),
  ...optional('words', field, wordsOf),
});

function wordsOf(field: Field): readonly [string, string] {
  const [no, yes, more] = distinct(field);
  return no !== undefined && yes !== undefined && more === undefined ? [no, yes] : field.fail('two words');
}

function levelsOf(field: Field, kind: 'binary' | 'categorical', tensor: 'numbers' | 'texts'): Level[] {
  const levels = list<Level>(field, tensor === 'texts' ? filled : numericLevel);
  if (kind === 'binary' && levels.length !== 2) field.fail('two levels');
  differing(
    field,
    levels.map((level) => (tensor === 'texts' ? level : Number(level))),
  );
  return levels;
}

function numericLevel(field: Field): number | boolean {
  return typeof field.value === 'boolean' ? field.value : finite(field);
}

function headsOf(field: Field): Manifest['heads'] {
  return {
    ...optional('classifier', field, headOf),
    encoder: headOf(field.of('encoder')),
    decoder: headOf(field.of('decoder')),
    scorer: headOf(field.of('scorer')),
    ...optional('imputer', field, headOf),
    ...optional('sampler', field, headOf),
  };
}

function headOf(field: Field): Head {
  return {
    ...entryOf(field),
    inputs: list(field.of('inputs'), tensorOf),
    outputs: list(field.of('outputs'), tensorOf),
  };
}

function tensorOf(field: Field): TensorSpec {
  const dimension = (each: Field) => (each.value === 'batch' ? 'batch' : count(each, 1));
  return {
    name: filled(field.of('name')),
    type: oneOf(field.of('type'), tensorTypes),
    shape: list(field.of('shape'), dimension),
    meaning: text(field.of('meaning')),
  };
}

function entryOf(field: Field): FileEntry {
  return {
    file: fileName(field.of('file')),
    bytes: count(field.of('bytes'), 1),
    sha256: hashOf(field.of('sha256')),
  };
}

const hashOf = (field: Field): string =>
  matching(field, /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

function scoreOf(field: Field, version: Manifest['formatVersion']): Score {
  const kind = version === 1 ? 'bound' : oneOf(field.of('kind'), ['bound', 'neighbours']);
  return {
    kind,
    meaning: text(field.of('meaning')),
    unit: one(field.of('unit'), kind === 'bound' ? 'nats' : 'distance'),
    bound: text(field.of('bound')),
    samples: count(field.of('samples'), 0),
    ...optional('parts', field, (parts) => list(parts, text)),
  };
}

function calibrationOf(field: Field, version: Manifest['formatVersion']): Calibration {
  const scores = list(field.of('scores'), finite);
  if (scores.some((score, i) => score < scores[i - 1]!)) field.of('scores').fail('ascending numbers');
  const rows = count(field.of('rows'), 1);
  if (rows !== scores.length) field.of('rows').fail(`${scores.length}, as many as there are scores`);
  const fpr = finite(field.of('fpr'));
  if (!(fpr >= 1 / (rows + 1) && fpr < 1)) field.of('fpr').fail(`a rate from 1 / ${rows + 1} to below 1`);
  const threshold = finite(field.of('threshold'));
  const implied = thresholdFor(scores, fpr);
  if (!isThreshold(threshold, implied))
    field.of('threshold').fail(`${implied}, the threshold of these scores`);
  const data = text(field.of('data'));
  return { rows, fpr, threshold: implied, scores, data, ...since3('scorer', field, version, hashOf) };
}

function trainingOf(field: Field): Manifest['training'] {
  return {
    data: text(field.of('data')),
    rows: count(field.of('rows'), 0),
    labelled: count(field.of('labelled'), 0),
    seed: count(field.of('seed'), 0),
    epochs: count(field.of('epochs'), 0),
    steps: count(field.of('steps'), 0),
    engine: text(field.of('engine')),
    metrics: record(field.of('metrics'), number),
    recipe: field.of('recipe').value,
    ...optional('initFrom', field, originOf),
    ...optional('taughtBy', field, (runs) => list(runs, earlierRunOf)),
  };
}

function earlierRunOf(field: Field): EarlierRun {
  return {
    run: text(field.of('run')),
    recipe: text(field.of('recipe')),
    data: text(field.of('data')),
    labels: count(field.of('labels'), 0),
    seed: count(field.of('seed'), 0),
    step: count(field.of('step'), 0),
    minutes: finite(field.of('minutes')),
    sha256: hashOf(field.of('sha256')),
  };
}

const originOf = (field: Field): Origin => ({
  ...earlierRunOf(field),
  taken: count(field.of('taken'), 0),
  parameters: count(field.of('parameters'), 0),
});
