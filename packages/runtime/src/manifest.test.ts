import { beforeAll, describe, expect, test } from 'vitest';
import { tinyBundle } from '../test/bundle.ts';
import type { SemivaeError } from './errors.ts';
import { readManifest } from './manifest.ts';

let valid = '';
beforeAll(async () => {
  valid = new TextDecoder().decode((await tinyBundle()).get('manifest.json'));
});

test('a valid manifest is read whole', () => {
  expect(readManifest(valid)).toEqual(JSON.parse(valid));
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
  ['score.unit', (m) => (m.score.unit = 'bits')],
  ['training.metrics.loss', (m) => (m.training.metrics.loss = null)],
  ['parity.file', (m) => (m.parity.file = 'a/b')],
  ['versions', (m) => (m.versions = [])],
];

describe('a fault is named by its field', () => {
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
  const newer = JSON.stringify({ format: 'semivae-bundle', formatVersion: 2 });
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
