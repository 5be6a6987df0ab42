import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { CommandFailure } from './failure.ts';

/** A file, whatever it is called: by its disk and its number there. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}

const isPattern = (path: string): boolean => /[*?[]/.test(path);

/** `**` stands for folders, `*` and `?` for what is in a name, as for who reads a table; undefined of no pattern: `a[`. */
function expressionOf(pattern: string): RegExp | undefined {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (each) => (each.startsWith('**') ? '.*' : each === '*' ? '[^/]*' : '[^/]'));
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined;
  }
}

async function matching(pattern: string): Promise<string[]> {
  let root = dirname(pattern);
  while (isPattern(root)) root = dirname(root);
  const expression = expressionOf(resolve(pattern).replaceAll(sep, '/'));
  if (!expression) return [];
  const names = await readdir(root, { recursive: root !== dirname(pattern) }).catch((): string[] => []);
  return names
    .map((name) => join(root, name))
    .filter((path) => expression.test(resolve(path).replaceAll(sep, '/')));
}

/** Of a folder that is named, what is read of it: the files of a run, of a bundle, of images. */
const READ =
  /^(run|manifest|parity|reference|calibration)\.json$|^metrics\.jsonl$|^README\.md$|^samples\.png$|\.(onnx|safetensors)$|-ubyte(\.gz)?$/;

/** What a word of the command line may name: itself, what is read of a folder, what a pattern fits. */
async function filesNamed(word: string): Promise<string[]> {
  const found = await stat(word).catch(() => undefined);
  if (found?.isDirectory()) {
    const inside = (await readdir(word)).filter((name) => READ.test(name));
    return [word, ...inside.map((name) => join(word, name))];
  }
  if (found) return [word];
  return isPattern(word) ? matching(word) : [];
}

/** The files that a query may read: its texts that end as names of files do. */
const inQuery = (sql: string): string[] =>
  [...sql.matchAll(/'([^']+)'/g)].map(([, text]) => text!).filter((text) => /\.\w+$/.test(text));

/** What a command reads, as it is told. */
export interface Inputs {
  /** Files, folders, patterns; what is none is left out. */
  readonly files: readonly (string | undefined)[];
  readonly sql?: string | undefined;
}

/** Throws `OUT_IS_INPUT` where the file, or the folder, to be written is one that is read, whatever name it is given. */
export async function checkNotInput(out: string | undefined, { files, sql = '' }: Inputs): Promise<void> {
  const own = out === undefined ? undefined : await identityOf(out);
  if (own === undefined) return;
  const words = [...files.flatMap((each) => each?.split(',') ?? []), ...files, ...inQuery(sql)];
  for (const word of new Set(words)) {
    for (const file of word === undefined ? [] : await filesNamed(word)) {
      if ((await identityOf(file)) !== own) continue;
      const problem = `it is ${resolve(file) === resolve(out!) ? 'read' : `${file}, which is read`} here too`;
      throw new CommandFailure('OUT_IS_INPUT', out!, problem, 'Choose another place for what is written.');
    }
  }
}
