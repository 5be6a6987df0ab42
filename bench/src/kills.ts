import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBundleFiles } from '@semivae/export/node';
import { type FileEntry, folderFiles, type Manifest, openManifest, readChecked } from '@semivae/runtime';
import {
  hasCheckpoint,
  readCheckpoint,
  readHeld,
  readMetrics,
  readRun,
  readShipped,
} from '@semivae/train/node';

/** What `bench kills` is asked for. */
export interface KillsOptions {
  /** How often each command is killed. */
  readonly count?: number;
  readonly only?: readonly string[];
  /** How many at once, each in a folder of its own. */
  readonly jobs?: number;
  readonly progress?: (text: string) => void;
}

/** What came of killing one command. */
export interface KilledReport {
  /** Processes that were killed before they ended. */
  readonly kills: number;
  /** Processes that ended before that, or were let end. */
  readonly ended: number;
  /** How many of them were compared with one that nothing befell, and were equal. */
  readonly compared: number;
  /** The usual duration of the command, over which the moments of death are even, in milliseconds. */
  readonly usualMs: number;
  readonly faults: number;
  /** The first of them in words. */
  readonly first: readonly string[];
}

const bin = fileURLToPath(new URL('../../packages/cli/bin/semivae.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly ms: number;
  readonly said: string;
}

/** Runs `semivae` in a folder, and kills it after so many milliseconds. */
function semivae(cwd: string, words: readonly string[], killAfter?: number): Promise<Ended> {
  const start = performance.now();
  const env = { ...process.env, TMPDIR: join(cwd, 'tmp') };
  const child = spawn(process.execPath, [bin, ...words], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve({ code, ms: performance.now() - start, said });
    });
  });
}

async function done(cwd: string, words: readonly string[]): Promise<number> {
  const { code, said, ms } = await semivae(cwd, words);
  if (code !== 0) throw new Error(`semivae ${words.join(' ')}: ${said}`);
  return ms;
}

/** A command that can be killed over and over in one folder. */
interface Subject {
  readonly usualMs: number;
  /** The words of the next trial. */
  next(): Promise<readonly string[]>;
  /** What is wrong after it was killed, or has ended. */
  faults(ended: boolean): Promise<readonly string[]>;
}

const HIDDEN = ['--set', 'model.hidden=[8]', '--set', 'model.latent=2'];
const TABLE = ['--data', 't.csv', '--threads', '1', '--set', 'stepsPerEpoch=6', ...HIDDEN];
const IMAGES = [
  '--data',
  'small',
  '--labels',
  '9',
  '--threads',
  '1',
  ...HIDDEN,
  '--set',
  'stepsPerEpoch=6',
  '--set',
  'batch.labelled=6',
  '--set',
  'batch.unlabelled=10',
];

function tableText(rows: number, offset: number): string {
  const lines = Array.from({ length: rows }, (_, at) => {
    const i = at + offset;
    return [(10 * Math.sin(i)).toFixed(3), (i % 7) + (i % 3) / 10, ['x', 'y', 'z'][i % 3], i % 2].join();
  });
  return `a,b,kind,flag\n${lines.join('\n')}\n`;
}

const SIDE = 6;

const idx = (shape: readonly number[], values: ArrayLike<number>): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, size >> 8, size & 255])]),
    Uint8Array.from(values),
  ]);

async function writeImages(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, rows] of [
    ['train', 60],
    ['t10k', 30],
  ] as const) {
    const pixels = Array.from({ length: rows * SIDE * SIDE }, (_, at) => (at * 7919) % 251);
    await writeFile(join(folder, `${name}-images-idx3-ubyte`), idx([rows, SIDE, SIDE], pixels));
    const labels = Array.from({ length: rows }, (_, row) => row % 3);
    await writeFile(join(folder, `${name}-labels-idx1-ubyte`), idx([rows], labels));
  }
}

/** What all commands are run on. */
async function workplace(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'kills-'));
  await mkdir(join(cwd, 'tmp'));
  await writeFile(join(cwd, 't.csv'), tableText(300, 0));
  await writeImages(join(cwd, 'small'));
  return cwd;
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const isThere = async (folder: string, name: string) => (await namesIn(folder)).includes(name);

/** What processes have left behind that a whole run of the command should have removed. */
async function leftovers(folders: readonly string[], allowed: readonly string[] = []): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await namesIn(folder))
        .filter((name) => /^\.|-[0-9a-f]{8}\.\w+$|^semivae-/.test(name) && !allowed.includes(name))
        .map((name) => `left behind: ${join(folder, name)}`),
    ),
  );
  return found.flat();
}

const bitsOf = ({ data }: { readonly data: Float32Array }) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

/** All that is decided by recipe and seed. */
async function outcomeOf(run: string): Promise<string> {
  const states = await Promise.all([readCheckpoint(run), readShipped(run)]);
  const bits = states.map(({ step, sums, state }) => [
    step,
    sums,
    Object.entries(state).map(([name, tensor]) => [name, bitsOf(tensor)]),
  ]);
  const lines = (await readMetrics(run)).map((line) => ({ ...line, minutes: 0 }));
  return JSON.stringify([bits, lines]);
}

/** Reads all of a run that is there. */
async function checkRun(run: string): Promise<string[]> {
  try {
    if (!(await isThere(run, 'run.json'))) return [];
    const { data } = await readRun(run);
    await readMetrics(run);
    if (data.columns.kind === 'table') await readHeld(run);
    if (await hasCheckpoint(run)) await Promise.all([readCheckpoint(run), readShipped(run)]);
    return [];
  } catch (error) {
    return [`torn: ${(error as Error).message}`];
  }
}

async function ofTrain(cwd: string): Promise<Subject> {
  const kinds = [
    { run: 'table', words: ['train', ...TABLE, '--epochs', '8', '--save-every', '0', '--out', 'table'] },
    { run: 'images', words: ['train', ...IMAGES, '--epochs', '8', '--save-every', '0', '--out', 'images'] },
  ];
  const wanted: string[] = [];
  let usualMs = 0;
  for (const { run, words } of kinds) {
    usualMs = Math.max(usualMs, await done(cwd, words));
    wanted.push(await outcomeOf(join(cwd, run)));
    await rm(join(cwd, run), { recursive: true });
  }
  let at = 0;
  return {
    usualMs,
    async next() {
      const { run, words } = kinds[at]!;
      const begun = await isThere(join(cwd, run), 'run.json');
      return begun ? ['train', '--resume', run, '--threads', '1', '--save-every', '0'] : words;
    },
    async faults(ended) {
      const run = join(cwd, kinds[at]!.run);
      const torn = await checkRun(run);
      if (!ended || torn.length > 0) return torn;
      const equal = (await outcomeOf(run)) === wanted[at]!;
      const left = await leftovers([run, join(cwd, 'tmp')]);
      await rm(run, { recursive: true });
      at = (at + 1) % kinds.length;
      return [...(equal ? [] : ['not bit for bit what it would have been']), ...left];
    },
  };
}

async function ofSweep(cwd: string): Promise<Subject> {
  const grid = ['--grid', 'model.latent=1,2', '--by', 'testError'];
  const asked = ['sweep', 'own.json', ...grid, '--epochs', '4', '--threads', '1'];
  const recipe = {
    data: { name: 'small', labels: 9 },
    model: { kind: 'm2', hidden: [8], latent: 2 },
    batch: { labelled: 6, unlabelled: 10 },
    stepsPerEpoch: 6,
  };
  await writeFile(join(cwd, 'own.json'), JSON.stringify(recipe));
  const outcome = async (folder: string) => {
    const runs = (await readdir(folder, { withFileTypes: true })).filter((each) => each.isDirectory());
    const lines = (await readFile(join(folder, 'results.jsonl'), 'utf8')).trim().split('\n');
    const results = lines.map((line) => {
      const { minutes: _, metrics, ...rest } = JSON.parse(line);
      return JSON.stringify({ ...rest, metrics: { ...metrics, minutes: 0 } });
    });
    const ends = await Promise.all(runs.map(({ name }) => outcomeOf(join(folder, name))));
    return JSON.stringify([results.sort(), ends]);
  };
  const usualMs = await done(cwd, [...asked, '--out', 'whole']);
  const wanted = await outcome(join(cwd, 'whole'));
  let cycle = 0;
  return {
    usualMs,
    next: async () => [...asked, '--out', `sweep${cycle}`],
    async faults(ended) {
      const folder = join(cwd, `sweep${cycle}`);
      const runs = (await namesIn(folder)).filter((name) => !name.includes('.'));
      const torn = (await Promise.all(runs.map((run) => checkRun(join(folder, run))))).flat();
      if (!ended || torn.length > 0) return torn;
      const equal = (await outcome(folder)) === wanted;
      const left = await leftovers([folder, ...runs.map((run) => join(folder, run))]);
      await rm(folder, { recursive: true });
      cycle++;
      return [...(equal ? [] : ['not what it would have been']), ...left];
    },
  };
}

const isEntry = (each: unknown): each is FileEntry =>
  typeof each === 'object' && each !== null && 'file' in each && 'sha256' in each && 'bytes' in each;

/** The manifest of a bundle in a folder, whose files are as it says. Throws `BUNDLE_…`. */
async function wholeBundle(folder: string): Promise<Manifest> {
  const files = folderFiles(folder);
  const manifest = await openManifest(await files.read('manifest.json'));
  const entries = [...Object.values(manifest.heads), manifest.parity, manifest.reference].filter(isEntry);
  for (const entry of entries) await readChecked(files, entry);
  return manifest;
}

const NOTES = 'what I found';

/** Whether a bundle is whole, as old or as new, and the notes beside it are there. */
async function checkBundle(
  folder: string,
  allowed: (manifest: Manifest) => boolean,
  ended: boolean,
): Promise<string[]> {
  try {
    const manifest = await wholeBundle(folder);
    const notes = await readFile(join(folder, 'notes.md'), 'utf8').catch(() => '');
    const lost = notes === NOTES ? [] : ['lost: the notes beside a bundle'];
    const other = allowed(manifest) ? [] : [`neither the old bundle nor the new: ${manifest.name}`];
    return [...lost, ...other, ...(ended ? await leftovers([folder]) : [])];
  } catch (error) {
    return [`torn: ${(error as Error).message}`];
  }
}

/** What the runs that are exported in turn are of. */
const KINDS = ['table', 'image'] as const;

async function ofExport(cwd: string): Promise<Subject> {
  let usualMs = 0;
  for (const [at, words] of [TABLE, IMAGES].entries()) {
    await done(cwd, ['train', ...words, '--epochs', '1', '--out', `run${at}`]);
    usualMs = Math.max(
      usualMs,
      await done(cwd, ['export', `run${at}`, '--out', `whole${at}`, '--fpr', '0.05']),
    );
  }
  const folder = join(cwd, 'bundle');
  await cp(join(cwd, 'whole0'), folder, { recursive: true });
  await writeFile(join(folder, 'notes.md'), NOTES);
  let standing = (await wholeBundle(folder)).name;
  let trial = 0;
  const nameOf = (each: number) => `trial-${each}`;
  return {
    usualMs,
    next: async () => [
      'export',
      `run${++trial % 2}`,
      '--out',
      'bundle',
      '--fpr',
      '0.05',
      '--name',
      nameOf(trial),
    ],
    async faults(ended) {
      const isAllowed = ({ name, input }: Manifest) => {
        const own = name === standing || name === nameOf(trial);
        const of = name.startsWith('trial-') ? Number(name.slice(6)) % 2 : 0;
        standing = name;
        return own && input.kind === KINDS[of] && (!ended || name === nameOf(trial));
      };
      const found = await checkBundle(folder, isAllowed, ended);
      return [...found, ...(ended ? await leftovers([cwd, join(cwd, 'tmp')]) : [])];
    },
  };
}

async function ofRecalibrate(cwd: string): Promise<Subject> {
  await done(cwd, ['train', ...TABLE, '--epochs', '1', '--out', 'run']);
  await done(cwd, ['export', 'run', '--out', 'bundle', '--fpr', '0.05']);
  const folder = join(cwd, 'bundle');
  await writeFile(join(folder, 'notes.md'), NOTES);
  for (const at of [0, 1]) await writeFile(join(cwd, `c${at}.csv`), tableText(120 + at, 1000));
  const words = (at: number) => ['recalibrate', 'bundle', `c${at}.csv`];
  const usualMs = await done(cwd, words(0));
  const { sha256 } = (await wholeBundle(folder)).heads.scorer;
  let trial = 0;
  let standing = 120;
  return {
    usualMs,
    next: async () => words(++trial % 2),
    async faults(ended) {
      const isAllowed = ({ calibration, heads }: Manifest) => {
        const rows = calibration?.rows ?? 0;
        const wanted = 120 + (trial % 2);
        const own = ended ? rows === wanted : rows === standing || rows === wanted;
        standing = rows;
        return own && heads.scorer.sha256 === sha256;
      };
      const found = await checkBundle(folder, isAllowed, ended);
      const names = Object.keys(await readBundleFiles(folder));
      return [...found, ...(names.includes('README.md') ? [] : ['lost: README.md'])];
    },
  };
}

async function ofScore(cwd: string): Promise<Subject> {
  await done(cwd, ['train', ...TABLE, '--epochs', '1', '--out', 'run']);
  await done(cwd, ['export', 'run', '--out', 'bundle', '--fpr', '0.05']);
  const wanted: string[] = [];
  let usualMs = 0;
  const words = (at: number) => ['score', 'bundle', `s${at}.csv`, '--out', 'scores.csv'];
  for (const at of [0, 1]) {
    await writeFile(join(cwd, `s${at}.csv`), tableText(300, 2000 + at));
    usualMs = Math.max(usualMs, await done(cwd, words(at)));
    wanted.push(await readFile(join(cwd, 'scores.csv'), 'utf8'));
  }
  let trial = 1;
  let standing = wanted[1]!;
  return {
    usualMs,
    next: async () => words(++trial % 2),
    async faults(ended) {
      const now = await readFile(join(cwd, 'scores.csv'), 'utf8').catch(() => '');
      const fresh = wanted[trial % 2]!;
      const own = now === fresh || (!ended && now === standing);
      standing = now;
      const left = ended ? await leftovers([cwd, join(cwd, 'tmp')]) : [];
      return [...(own ? [] : ['torn or lost: neither the old rows nor the new']), ...left];
    },
  };
}

const SUBJECTS = {
  train: ofTrain,
  export: ofExport,
  recalibrate: ofRecalibrate,
  score: ofScore,
  sweep: ofSweep,
};
type Name = keyof typeof SUBJECTS;

/** Every so many trials nobody is killed, so that something is finished for certain. */
const LET_LIVE = 12;

interface Tally {
  kills: number;
  ended: number;
  compared: number;
  usualMs: number;
  readonly faults: string[];
}

/** Kills a command in a folder of its own until all of it is done that is left to do. */
async function worker(open: (cwd: string) => Promise<Subject>, left: () => boolean, tally: Tally) {
  const cwd = await workplace();
  try {
    const subject = await open(cwd);
    tally.usualMs = Math.max(tally.usualMs, subject.usualMs);
    for (let trial = 1; left(); trial++) {
      const words = await subject.next();
      const spared = trial % LET_LIVE === 0;
      const { code, said } = await semivae(cwd, words, spared ? undefined : Math.random() * subject.usualMs);
      if (code === null) tally.kills++;
      else tally.ended++;
      const refused =
        code !== null && code !== 0 ? [`refused with ${code}: semivae ${words.join(' ')}: ${said}`] : [];
      const faults = [...refused, ...(await subject.faults(code === 0))];
      if (code === 0 && faults.length === 0) tally.compared++;
      tally.faults.push(...faults);
      if (faults.length > 20) throw new Error(faults.join('\n'));
    }
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

async function killed(
  name: Name,
  { count = 1000, jobs = availableParallelism(), progress = () => {} }: KillsOptions,
) {
  const tally: Tally = { kills: 0, ended: 0, compared: 0, usualMs: 0, faults: [] };
  let told = 0;
  const left = () => {
    if (tally.kills >= told + 50) {
      told = tally.kills;
      progress(`${name}: ${told} kills, ${tally.ended} ended, ${tally.faults.length} faults`);
    }
    return tally.kills < count;
  };
  await Promise.all(Array.from({ length: jobs }, () => worker(SUBJECTS[name], left, tally)));
  const { faults, ...rest } = tally;
  return { ...rest, usualMs: Math.round(rest.usualMs), faults: faults.length, first: faults.slice(0, 5) };
}

/** Kills each command again and again at random moments, and looks at what is left. */
export async function benchKills(options: KillsOptions = {}): Promise<Record<string, KilledReport>> {
  const names = (options.only ?? Object.keys(SUBJECTS)) as Name[];
  const found: Record<string, KilledReport> = {};
  for (const name of names) found[name] = await killed(name, options);
  return found;
}
