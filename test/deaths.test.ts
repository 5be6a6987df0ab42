import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openTableWriter } from '@semivae/data/node';
import { type BundleFiles, writeBundle } from '@semivae/export/node';
import { type FileEntry, type Manifest, openManifest, sealManifest, sha256 } from '@semivae/runtime';
import { appendMetrics, decodeCheckpoint, writeCheckpoint } from '@semivae/train/node';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { addTrain } from '../packages/cli/src/commands/train.ts';
import { tableBundle } from '../packages/runtime/test/table.ts';
import { contentOf, freshFolder, smallRecipe, smallSet, writeFiles } from './command.ts';

/** A process that dies at one of its calls that change the disk: neither it nor anything after it happens. */
const death = vi.hoisted(() => ({ at: 0, calls: 0, dead: false, tell: () => {} }));

/** What was flushed and renamed, in order. */
const log = vi.hoisted((): string[][] => []);

/** What is at the disk when a call begins: for a write, half of it. */
const step = vi.hoisted(() => async (does: () => Promise<unknown>, half?: () => Promise<unknown>) => {
  if (!death.dead && ++death.calls !== death.at) return does();
  if (!death.dead) await half?.();
  death.dead = true;
  death.tell();
  return new Promise(() => {});
});

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const changing = ['rename', 'rm', 'rmdir', 'link', 'copyFile', 'mkdir', 'writeFile'] as const;
  const counted = changing.map((name) => [
    name,
    (...given: unknown[]) => {
      if (name === 'rename') log.push([name, ...given.map(String)]);
      return step(() => (real[name] as (...all: unknown[]) => Promise<unknown>)(...given));
    },
  ]);
  const handled = (handle: import('node:fs/promises').FileHandle, path: string) =>
    new Proxy(handle, {
      get(of, name) {
        const own = Reflect.get(of, name);
        if (typeof own !== 'function') return own;
        const call = (...given: unknown[]) => own.apply(of, given);
        if (name === 'sync' || name === 'datasync') log.push(['flush', path]);
        if (name === 'sync' || name === 'datasync') return () => step(call);
        if (name !== 'writeFile') return call;
        return (all: string | Uint8Array) =>
          step(
            () => call(all),
            () => call(all.slice(0, all.length >> 1)),
          );
      },
    });
  const open = async (path: string, flags = 'r', mode?: number) => {
    const opening = () => real.open(path, flags, mode);
    const opened = await (flags === 'r' ? opening() : step(opening));
    return handled(opened as Awaited<ReturnType<typeof opening>>, path);
  };
  return { ...real, ...Object.fromEntries(counted), open, default: real };
});

const home = freshFolder();
const made = [home];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(home, name);

/** Runs something until its n-th call; whether it has died there. */
async function dies(n: number, does: () => Promise<unknown>, folder = home): Promise<boolean> {
  const died = new Promise<void>((resolve) => {
    Object.assign(death, { at: n, calls: 0, dead: false, tell: resolve });
  });
  const ended = does();
  await Promise.race([died, ended]);
  const { dead } = death;
  Object.assign(death, { at: 0, dead: false });
  if (dead) bury(folder);
  return dead;
}

/** What bears the name of this process gets that of one which is dead. */
function bury(folder: string): void {
  const own = new RegExp(`([0-9a-f]{8})-${process.pid}-\\d+`);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bury(path);
    if (own.test(entry.name)) renameSync(path, join(folder, entry.name.replace(own, '$1-4194305-1')));
  }
}

const hidden = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => basename(name).startsWith('.') || /-[0-9a-f]{8}\.\w+$/.test(name));

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return () => vi.restoreAllMocks();
});

type Writable = { -readonly [field in keyof FileEntry]: FileEntry[field] };

describe('a bundle', { timeout: 240_000 }, () => {
  let [old, next]: BundleFiles[] = [];
  const notes = { 'notes.md': Buffer.from('what I found'), 'recipe.json': Buffer.from('{}') };

  type Named = Pick<Manifest, 'heads' | 'parity' | 'reference'>;
  const entriesOf = ({ heads, parity, reference }: Named) =>
    [...Object.values(heads), parity, ...(reference ? [reference] : [])] as Writable[];

  /** The same bundle with a byte more in each file. */
  async function longer(files: BundleFiles): Promise<BundleFiles> {
    const manifest = structuredClone(await openManifest(files['manifest.json']!));
    const changed: Record<string, Uint8Array> = { ...files, 'README.md': Buffer.from('a new card') };
    for (const entry of entriesOf(manifest)) {
      changed[entry.file] = Uint8Array.from([...files[entry.file]!, 0]);
      entry.bytes++;
      entry.sha256 = await sha256(changed[entry.file]!);
    }
    delete changed['reference.json'];
    const { calibration, reference: _, ...rest } = manifest;
    const own = calibration && { calibration: { ...calibration, scorer: manifest.heads.scorer.sha256 } };
    return { ...changed, 'manifest.json': await sealManifest({ ...rest, ...own, name: 'next' }) };
  }

  beforeAll(async () => {
    const sample = Buffer.from('{"columns":[]}');
    const reference = { file: 'reference.json', bytes: sample.length, sha256: await sha256(sample) };
    const files: BundleFiles = Object.fromEntries(await tableBundle());
    const manifest = await sealManifest({ ...(await openManifest(files['manifest.json']!)), reference });
    const besides = { 'README.md': Buffer.from('a card'), 'reference.json': sample };
    old = { ...files, ...besides, 'manifest.json': manifest };
    next = await longer(old);
  });

  /** The name of the bundle that stands, whose files are all as its manifest says. */
  async function standing(folder: string): Promise<string> {
    const manifest = await openManifest(readFileSync(join(folder, 'manifest.json')));
    for (const { file, sha256: hash } of entriesOf(manifest))
      expect(await sha256(readFileSync(join(folder, file))), file).toBe(hash);
    return manifest.name;
  }

  test('is the old one or the new one, whole, whenever its writer dies; the next one tidies up (fault 16)', async () => {
    await writeBundle(at('old'), old!);
    writeFiles(at('old'), notes);
    await writeBundle(at('new'), next!);
    writeFiles(at('new'), notes);
    const before = await standing(at('old'));
    const [stood, wanted] = [contentOf(at('old')), contentOf(at('new'))];
    const seen = new Set<string>();
    for (let n = 1, dead = true; dead; n += 2) {
      const here = at(`here${n}`);
      await cp(at('old'), here, { recursive: true });
      dead = await dies(n, () => writeBundle(here, next!));
      seen.add(await standing(here));
      expect(readFileSync(join(here, 'notes.md'), 'utf8')).toBe('what I found');
      const [after, content] = n % 4 === 1 ? [next!, wanted] : [old!, stood];
      await writeBundle(here, after);
      expect(contentOf(here), `died at call ${n}`).toEqual(content);
    }
    expect(seen).toEqual(new Set([before, 'next']));
  });

  test('that is new is there whole or not at all (fault 16)', async () => {
    for (let n = 1, dead = true; dead; n++) {
      const there = at(`there${n}/bundle`);
      dead = await dies(n, () => writeBundle(there, old!));
      if (existsSync(there)) await standing(there);
      await writeBundle(there, old!);
      await standing(there);
      expect(hidden(at(`there${n}`)), `died at call ${n}`).toEqual([]);
    }
  });
});

describe('a training', { timeout: 240_000 }, () => {
  const train = (...words: string[]) =>
    addTrainTo(['train', ...words, '--threads', '1', '--save-every', '0']);
  const addTrainTo = async (words: string[]) => {
    const program = new Command().exitOverride();
    addTrain(program);
    await program.parseAsync(words, { from: 'user' });
  };

  const outcome = (run: string) => {
    const { minutes: _, ...state } = decodeCheckpoint(readFileSync(join(run, 'checkpoint.safetensors')));
    const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
    return { state, lines: lines.map((line) => ({ ...JSON.parse(line), minutes: 0 })) };
  };

  /** Dies at each call, and is gone on with: the same command again where there is no run yet, else --resume. */
  async function alwaysEndsAlike(
    words: readonly string[],
    { from, to, by }: { readonly from: number; readonly to: number; readonly by: number },
  ): Promise<void> {
    const folder = freshFolder();
    made.push(folder);
    const whole = join(folder, 'whole');
    await train(...words, '--out', whole);
    const wanted = outcome(whole);
    const files = Object.keys(contentOf(whole));
    for (let n = from, dead = true; dead && n <= to; n += by) {
      const run = join(folder, `run${n}`);
      dead = await dies(n, () => train(...words, '--out', run), folder);
      const begun = existsSync(join(run, 'run.json'));
      await (begun ? train('--resume', run) : train(...words, '--out', run));
      expect(outcome(run), `died at call ${n}`).toEqual(wanted);
      expect(Object.keys(contentOf(run)), `died at call ${n}`).toEqual(files);
    }
  }

  test('of images ends bit for bit alike, whenever it died (fault 20)', async () => {
    const data = writeFiles(at('small'), smallSet);
    const sizes = ['--set', 'batch.unlabelled=20', '--epochs', '1'];
    await alwaysEndsAlike([...smallRecipe.map((each) => (each === 'small' ? data : each)), ...sizes], {
      from: 1,
      to: Infinity,
      by: 2,
    });
  });

  test('of a table can be exported, wherever the writing of its rows was cut (fault 20)', async () => {
    const cells = Array.from({ length: 150 }, (_, row) => `${Math.sin(row)},${row % 5},${'xyz'[row % 3]}`);
    writeFileSync(at('rows.csv'), `a,b,c\n${cells.join('\n')}\n`);
    const sizes = [
      '--set',
      'model.hidden=[4]',
      '--set',
      'model.latent=2',
      '--set',
      'stepsPerEpoch=1',
      '--epochs',
      '1',
    ];
    await alwaysEndsAlike(['--data', at('rows.csv'), ...sizes], { from: 10, to: 30, by: 3 });
  });
});

test('rows are the old ones or the new ones, whenever their writer dies; the next one tidies up (fault 25)', async () => {
  const write = async () => {
    const writer = await openTableWriter(at('scores.csv'), [{ name: 'score', type: 'number' }]);
    await writer.append({ score: Float64Array.of(1, 2) });
    await writer.close();
  };
  for (let n = 1, dead = true; dead; n++) {
    writeFileSync(at('scores.csv'), 'old');
    dead = await dies(n, write);
    expect(['old', 'score\n1\n2\n'], `died at call ${n}`).toContain(readFileSync(at('scores.csv'), 'utf8'));
  }
});

test('what is renamed is flushed before, and its folder after (fault 21)', async () => {
  log.length = 0;
  const run = at('flushed');
  mkdirSync(run);
  const state = { w: { shape: [1], data: Float32Array.of(1) } };
  await writeCheckpoint(run, { step: 1, sums: {}, state });
  await appendMetrics(run, { step: 1, epoch: 1, minutes: 0 });
  const writer = await openTableWriter(join(run, 'rows.csv'), [{ name: 'score', type: 'number' }]);
  await writer.append({ score: Float64Array.of(1) });
  await writer.close();
  const files = { ...Object.fromEntries(await tableBundle()), 'README.md': Buffer.from('a card') };
  await writeBundle(join(run, 'bundle'), files);
  await writeBundle(join(run, 'bundle'), { ...files, 'README.md': Buffer.from('another') });
  expect(log).toContainEqual(['flush', join(run, 'metrics.jsonl')]);
  const renames = log.flatMap(([what, from, to], place) => (what === 'rename' ? [{ from, to, place }] : []));
  expect(renames.length).toBeGreaterThanOrEqual(4);
  for (const { from, to, place } of renames) {
    expect(log.slice(0, place), from).toContainEqual(['flush', from]);
    expect(log[place + 1], to).toEqual(['flush', dirname(to!)]);
  }
});
