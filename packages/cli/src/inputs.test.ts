import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkNotInput, type Inputs } from './inputs.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semivae-inputs-'));
  await mkdir(at('deep/er'), { recursive: true });
  const bundle = [
    'deep/er/manifest.json',
    'deep/er/scorer.onnx',
    'deep/er/report.html',
    'deep/er/scores.csv',
  ];
  for (const name of ['rows.csv', 'other.csv', 'old-scores.csv', 'deep/er/rows.csv', 'a,b.csv', ...bundle])
    await writeFile(at(name), name);
  await symlink(at('rows.csv'), at('soft.csv'));
  await link(at('rows.csv'), at('hard.csv'));
});
afterAll(() => rm(folder, { recursive: true }));

const refusal = (out: string, inputs: Inputs) =>
  checkNotInput(out, inputs).then(
    () => 'written',
    (error) => error.code,
  );

test.each([
  ['by its name', 'rows.csv', { files: ['rows.csv'] }],
  ['by another spelling', 'deep/../rows.csv', { files: ['rows.csv'] }],
  ['by a symbolic link', 'soft.csv', { files: ['other.csv', 'rows.csv'] }],
  ['through one', 'rows.csv', { files: ['soft.csv'] }],
  ['by a hard link', 'hard.csv', { files: ['rows.csv'] }],
  ['by a pattern', 'rows.csv', { files: ['*ows.csv'] }],
  ['by a deep pattern', 'deep/er/rows.csv', { files: ['**/r?ws.csv'] }],
  ['of a bundle', 'deep/er/manifest.json', { files: ['deep/er'] }],
  ['of a bundle, to run', 'deep/er/scorer.onnx', { files: ['deep/er'] }],
  ['the folder itself', 'deep/er', { files: ['deep/er'] }],
  ['in a list', 'rows.csv', { files: ['other.csv,rows.csv'] }],
  ['with a comma in it', 'a,b.csv', { files: ['a,b.csv'] }],
  ['in a query', 'rows.csv', { files: [], sql: "SELECT * FROM '*.csv' WHERE a > 0" }],
])('a file that is read is not written to: %s', async (_, out, { files, sql }: Inputs) => {
  const told = {
    files: files.map((each) => each!.split(',').map(at).join(',')),
    sql: sql?.replace("'*", `'${at('*')}`),
  };
  const named = files[0] === 'a,b.csv' ? { files: [at('a,b.csv')] } : told;
  expect(await refusal(at(out), named)).toBe('OUT_IS_INPUT');
});

test.each([
  ['a new file', 'new.csv', { files: ['*.csv'] }],
  ['an older one beside', 'old-scores.csv', { files: ['rows.csv', 'deep'] }],
  ['a page kept in a bundle', 'deep/er/report.html', { files: ['deep/er'] }],
  ['rows kept in a bundle', 'deep/er/scores.csv', { files: ['deep/er'] }],
  ['what a pattern does not fit', 'old-scores.csv', { files: ['r*.csv', '*/rows.csv'] }],
])('other files are: %s', async (_, out, { files }: Inputs) => {
  expect(await refusal(at(out), { files: files.map((each) => at(each!)) })).toBe('written');
});
