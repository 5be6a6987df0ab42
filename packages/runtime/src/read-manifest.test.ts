import { beforeAll, describe, expect, test } from 'vitest';
import { tinyBundle } from '../test/bundle.ts';
import { tableBundle } from '../test/table.ts';
import type { SemivaeError } from './errors.ts';
import { formatVersion } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

let valid = '';
let table = '';
beforeAll(async () => {
  valid = new TextDecoder().decode((await tinyBundle()).get('manifest.json'));
  table = new TextDecoder().decode((await tableBundle()).get('manifest.json'));
});

test('a valid manifest is read whole', () => {
  expect(readManifest(valid)).toEqual(JSON.parse(valid));
  expect(readManifest(table)).toEqual(JSON.parse(table));
});

test('of version 1, whose scores were all bounds, too', () => {
  const { score, ...rest } = JSON.parse(valid);
  const { kind: _, ...old } = score;
  const first = { ...rest, formatVersion: 1, score: old };
  expect(readManifest(JSON.stringify(first))).toEqual({ ...first, score });
});

test('a distance to neighbours is a score', () => {
  const { score, ...rest } = JSON.parse(table);
  const distance = { ...rest, score: { ...score, kind: 'neighbours', unit: 'distance' } };
  expect(readManifest(JSON.stringify(distance))).toEqual(distance);
});

test('fields of a later writer are left out', () => {
  expect(readManifest(JSON.stringify({ ...JSON.parse(valid), later: 1 }))).toEqual(JSON.parse(valid));
});

// biome-ignore lint/suspicious/noExplicitAny: faults are planted anywhere
type Spoil = (manifest: any) => void;

const faults: readonly (readonly [string, Spoil])[] = [
  ['format', (m) => (m.format = 'onnx')],
  ['formatVersion', (m) => (m.formatVersion = '1')],
  ['name', (m) => (m.name = '')],
  ['description', (m) => delete m.description],
  ['model.sizes.latent', (m) => (m.model.sizes.latent = 'two')],
  ['model.sizes.hidden.0', (m) => (m.model.sizes.hidden = [null])],
  ['input.width', (m) => (m.input.width = 2.5)],
  ['input.channels', (m) => (m.input.channels = 2)],
  ['input.type', (m) => (m.input.type = 'float32')],
  ['labels', (m) => (m.labels = ['ant', 'ant', 'cat'])],
  ['labels.1', (m) => (m.labels[1] = 1)],
  ['latent.size', (m) => (m.latent.size = 0)],
  ['heads', (m) => (m.heads = 'all')],
  ['heads.encoder', (m) => delete m.heads.encoder],
  ['heads.encoder.file', (m) => (m.heads.encoder.file = '../encoder.onnx')],
  ['heads.encoder.file', (m) => (m.heads.encoder.file = '/etc/passwd')],
  ['heads.encoder.file', (m) => (m.heads.encoder.file = 'a\\b.onnx')],
  ['heads.encoder.file', (m) => (m.heads.encoder.file = '..')],
  ['heads.encoder.file', (m) => (m.heads.encoder.file = 'https://elsewhere/a.onnx')],
  ['heads.scorer.sha256', (m) => (m.heads.scorer.sha256 = 'abc')],
  ['heads.scorer.bytes', (m) => (m.heads.scorer.bytes = -1)],
  ['heads.decoder.inputs.0.type', (m) => (m.heads.decoder.inputs[0].type = 'float')],
  ['heads.decoder.inputs.0.shape.1', (m) => (m.heads.decoder.inputs[0].shape[1] = 'k')],
  ['heads.decoder.inputs', (m) => m.heads.decoder.inputs.pop()],
  [
    'heads.decoder.inputs',
    (m) => m.heads.decoder.inputs.push({ ...m.heads.decoder.inputs[0], name: 'noise' }),
  ],
  ['heads.encoder.outputs', (m) => (m.heads.encoder.outputs[1].name = 'variance')],
  ['heads.classifier.outputs', (m) => (m.heads.classifier.outputs[0].shape = ['batch', 4])],
  ['heads.scorer.inputs', (m) => (m.input.height = 5)],
  ['score.kind', (m) => delete m.score.kind],
  ['score.unit', (m) => (m.score.unit = 'bits')],
  ['score.unit', (m) => (m.score.kind = 'neighbours')],
  ['training.metrics.loss', (m) => (m.training.metrics.loss = null)],
  ['parity.file', (m) => (m.parity.file = 'a/b')],
  ['versions', (m) => (m.versions = [])],
];

const tableFaults: readonly (readonly [string, Spoil])[] = [
  ['input.kind', (m) => (m.input.kind = 'text')],
  ['input.columns', (m) => (m.input.columns = {})],
  ['input.columns', (m) => (m.input.columns = m.input.columns.slice(2, 3))],
  ['input.columns', (m) => (m.input.columns[1].name = 'age')],
  ['input.columns.0.name', (m) => (m.input.columns[0].name = 1)],
  ['input.columns.0.kind', (m) => (m.input.columns[0].kind = 'number')],
  ['input.columns.0.tensor', (m) => delete m.input.columns[0].tensor],
  ['input.columns.0.tensor', (m) => (m.input.columns[0].tensor = 'texts')],
  ['input.columns.2.tensor', (m) => (m.input.columns[2].tensor = 'texts')],
  ['input.columns.1.levels', (m) => delete m.input.columns[1].levels],
  ['input.columns.1.levels.0', (m) => (m.input.columns[1].levels[0] = 1)],
  ['input.columns.1.levels', (m) => m.input.columns[1].levels.push('red')],
  ['input.columns.3.levels', (m) => m.input.columns[3].levels.push(2)],
  ['input.columns.3.levels', (m) => (m.input.columns[3].levels = [true, 1])],
  ['input.columns.3.levels.1', (m) => (m.input.columns[3].levels[1] = 'yes')],
  ['heads.classifier.inputs', (m) => m.input.columns.splice(1, 1)],
  ['heads.scorer.inputs', (m) => (m.heads.scorer.inputs[0].type = 'float32')],
  ['heads.scorer.outputs', (m) => (m.heads.scorer.outputs[2].shape[1] = 6)],
  ['heads.scorer.outputs', (m) => m.heads.scorer.outputs.pop()],
  ['heads.decoder.outputs', (m) => (m.heads.decoder.outputs[0].name = 'numbers')],
  ['heads.imputer.outputs', (m) => m.heads.imputer.outputs.pop()],
  ['heads.imputer.file', (m) => (m.heads.imputer.file = '/imputer.onnx')],
  ['calibration.rows', (m) => (m.calibration.rows = 8)],
  ['calibration.scores', (m) => m.calibration.scores.reverse()],
  ['calibration.scores.2', (m) => (m.calibration.scores[2] = null)],
  ['calibration.fpr', (m) => (m.calibration.fpr = 0.01)],
  ['calibration.fpr', (m) => (m.calibration.fpr = 1)],
  ['calibration.threshold', (m) => (m.calibration.threshold = 12)],
  ['calibration.data', (m) => delete m.calibration.data],
  ['reference.sha256', (m) => (m.reference.sha256 = '')],
  ['score.parts.0', (m) => (m.score.parts = [1])],
];

describe('a fault is named by its field', () => {
  test.each(tableFaults)('%s of a table', (field, spoil) => {
    const manifest = JSON.parse(table);
    spoil(manifest);
    const error = thrown(() => readManifest(JSON.stringify(manifest), 'here/manifest.json'));
    expect(error).toMatchObject({ code: 'BUNDLE_MALFORMED', place: `here/manifest.json, ${field}` });
  });

  test.each(faults)('%s', (field, spoil) => {
    const manifest = JSON.parse(valid);
    spoil(manifest);
    const error = thrown(() => readManifest(JSON.stringify(manifest), 'here/manifest.json'));
    expect(error).toMatchObject({ code: 'BUNDLE_MALFORMED' });
    if (field !== 'heads.scorer.inputs') expect(error.place).toBe(`here/manifest.json, ${field}`);
  });
});

test.each(['', 'null', '[]', '<!doctype html>', '{"format":'])('%j is malformed', (text) => {
  expect(thrown(() => readManifest(text))).toMatchObject({ code: 'BUNDLE_MALFORMED' });
});

test('a newer format is told apart, whatever else it changed', () => {
  const newer = JSON.stringify({ format: 'semivae-bundle', formatVersion: formatVersion + 1 });
  expect(thrown(() => readManifest(newer))).toMatchObject({ code: 'BUNDLE_TOO_NEW' });
});

function thrown(act: () => unknown): SemivaeError {
  try {
    act();
  } catch (error) {
    return error as SemivaeError;
  }
  throw new Error('nothing was thrown');
}
