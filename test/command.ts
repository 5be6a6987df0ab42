import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const bin = fileURLToPath(new URL('../packages/cli/bin/semivae.js', import.meta.url));

/** What a finished command left: its exit code, or the signal that killed it, and what it wrote. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The largest file that it may write, in blocks of 512 bytes (`ulimit -f`): a disk that fills up midway. */
  readonly fileBlocks?: number;
  /** Whether it leads a group of its own, so that a signal can be sent to it and all that it began, as a terminal does. */
  readonly leads?: boolean;
  /** Aborted: the process gets SIGINT. */
  readonly signal?: AbortSignal;
  /** Called with all of stderr so far, whenever some comes. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

const words = (args: readonly string[], fileBlocks: number | undefined): [string, string[]] =>
  fileBlocks === undefined
    ? [process.execPath, [bin, ...args]]
    : ['sh', ['-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, process.execPath, bin, ...args]];

/** Runs the built `semivae` as a process of its own. */
export function semivae(args: readonly string[], options: CommandOptions): Promise<Finished> {
  const { cwd, env = {}, fileBlocks, leads = false, signal, onStderr } = options;
  const child = spawn(...words(args, fileBlocks), {
    cwd,
    env: { ...process.env, SEMIVAE_CACHE: join(cwd, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: leads,
  });
  signal?.addEventListener('abort', () => child.kill('SIGINT'));
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
    onStderr?.(stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The one line of JSON that a command under --json prints; throws where it prints anything else. */
export function answerOf({ stdout }: Finished): Record<string, unknown> {
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line on stdout: ${stdout}`);
  return JSON.parse(lines[0]!);
}

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'semivae-test-'));

/** Every file below a folder with a hash of what is in it: equal before and after where nothing was written. */
export function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const hash = entry.isFile()
          ? createHash('sha256').update(readFileSync(path)).digest('hex')
          : 'folder';
        return [path.slice(folder.length + 1), hash] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Bytes in the idx format: two zeros, the type of unsigned bytes, the rank, the sizes, the values. */
export const idx = (shape: readonly number[], values: ArrayLike<number>): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 8, shape.length]),
    ...shape.map((size) =>
      Buffer.from([size >>> 24, size >>> 16, size >>> 8, size].map((byte) => byte & 255)),
    ),
    Uint8Array.from(values),
  ]);

export const SIDE = 6;
export const CLASSES = 3;

/** Row i is of class i mod 3: a bright band at a place of its own, over a little unrest. */
function bands(rows: number, offset: number): { images: Buffer; labels: Buffer } {
  const pixels = Array.from({ length: rows * SIDE * SIDE }, (_, at) => {
    const row = Math.floor(at / (SIDE * SIDE));
    const y = Math.floor((at % (SIDE * SIDE)) / SIDE);
    const unrest = ((at + offset) * 7919) % 61;
    return Math.floor(y / 2) === row % CLASSES ? 190 + unrest : unrest;
  });
  const labels = Array.from({ length: rows }, (_, row) => row % CLASSES);
  return { images: idx([rows, SIDE, SIDE], pixels), labels: idx([rows], labels) };
}

export type FourFiles = Readonly<Record<string, Uint8Array>>;

const train = bands(60, 0);
const test = bands(30, 13);

/** The four files of a small set: 60 + 30 images of 6×6 pixels in 3 classes. */
export const smallSet: FourFiles = {
  'train-images-idx3-ubyte': train.images,
  'train-labels-idx1-ubyte': train.labels,
  't10k-images-idx3-ubyte': test.images,
  't10k-labels-idx1-ubyte.gz': gzipSync(test.labels),
};

/** Writes files into a new folder; undefined leaves one out. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | undefined>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) if (bytes) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** A small network on the small set: a step takes about a millisecond. */
export const smallRecipe: readonly string[] = [
  ...['--data', 'small', '--labels', '9', '--threads', '1'],
  ...['--set', 'model.hidden=[8]', '--set', 'model.latent=2'],
  ...['--set', 'batch.labelled=6', '--set', 'batch.unlabelled=10'],
];
