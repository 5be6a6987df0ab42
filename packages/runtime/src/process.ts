import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputType, ProcessEnded, SemivaeError } from './errors.ts';
import type { FilesInMemory } from './files.ts';
import type { Manifest } from './manifest.ts';
import type { LoadOptions, Model } from './model.ts';
import { type Answered, type Asked, type Carried, type Method, methods } from './process-messages.ts';
import { openGate } from './turns.ts';

export type { Model } from './model.ts';

/** A bundle that another process can read: a folder's path or file URL, an http(s) URL, or its files by name. */
export type ApartSource = string | URL | FilesInMemory;

/** How a model apart is loaded; a signal cannot be sent to another process. */
export type ApartOptions = Omit<LoadOptions, 'signal'>;

/** A model that another process runs. */
export interface ModelApart extends Model {
  /** The process that runs it now; none after it ended, until the next call. */
  readonly pid: number | undefined;
}

/**
 * Loads a bundle into a process of its own, so that no run blocks this one's event loop, and none is ended midway: ending a
 * worker thread during a run of ONNX Runtime aborts the whole process. The process ends by `dispose`, which waits for the
 * calls in flight, and with this process, which it does not keep alive. Where it dies, calls in flight reject with
 * PROCESS_ENDED, and the next one starts it anew. Throws as `load` does; errors come with their codes.
 */
export async function loadApart(source: ApartSource, options: ApartOptions = {}): Promise<ModelApart> {
  const asked = [sendable(source), options] as const;
  let running: Promise<Apart> | undefined;
  let pid: number | undefined;
  const started = async () => {
    if (running) return running;
    const mine = start(asked, () => {
      if (running === mine) [running, pid] = [undefined, undefined];
    });
    running = mine;
    const apart = await mine;
    pid = apart.pid;
    return apart;
  };
  const { manifest } = await started();
  const gate = openGate(manifest.name);
  const call =
    (method: Method) =>
    (...args: unknown[]) =>
      gate.pass(async () => (await started()).ask(method, args));
  return {
    manifest,
    ...(Object.fromEntries(methods.map((method) => [method, call(method)])) as unknown as Omit<
      Model,
      'manifest' | 'dispose'
    >),
    get pid() {
      return pid;
    },
    async dispose() {
      await gate.close();
      await (await running?.catch(() => undefined))?.end();
    },
  };
}

/** Of the same meaning in another process, whose folder may be another. */
function sendable(source: ApartSource): string | FilesInMemory {
  if (typeof source !== 'string' && !(source instanceof URL)) return source;
  const text = String(source);
  if (/^https?:/.test(text)) return text;
  return text.startsWith('file:') ? fileURLToPath(text) : resolve(text);
}

/** A process that has a bundle. */
interface Apart {
  readonly manifest: Manifest;
  readonly pid: number;
  ask(method: Method, args: readonly unknown[]): Promise<unknown>;
  /** Waits until it is gone. */
  end(): Promise<void>;
}

const program = fileURLToPath(new URL('./process-child.js', import.meta.url));

async function start(asked: readonly unknown[], ended: () => void): Promise<Apart> {
  const child = fork(program, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [], // a program given by -e would be run again in place of ours
  });
  const ask = answering(child, ended);
  const gone = new Promise<void>((resolved) => child.once('exit', () => resolved()));
  try {
    const manifest = (await ask('load', asked)) as Manifest;
    const end = async () => {
      child.ref();
      if (child.connected) child.disconnect();
      await gone;
    };
    return { manifest, pid: child.pid!, ask, end };
  } catch (error) {
    ended();
    if (child.connected) child.disconnect();
    throw error;
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Asks a process, which is kept alive, and keeps this one alive, only while something is asked. */
function answering(child: ChildProcess, ended: () => void): Apart['ask'] {
  const waiting = new Map<number, Waiting>();
  let next = 0;
  const settle = (id: number): Waiting | undefined => {
    const known = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) release(child);
    return known;
  };
  child.on('message', (message: Answered) => {
    if ('error' in message) settle(message.id)?.reject(revived(message.error));
    else settle(message.id)?.resolve(message.value);
  });
  const end = (how: string) => {
    ended();
    for (const id of [...waiting.keys()]) settle(id)?.reject(new ProcessEnded(`process ${child.pid}`, how));
  };
  child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  child.once('error', ({ message }) => end(message));
  return (method, args) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      hold(child);
      try {
        child.send(
          { id, method, args } satisfies Asked,
          (error) => error && settle(id)?.reject(lost(child, error)),
        );
      } catch (error) {
        settle(id)?.reject(unsendable(method, error as Error));
      }
    });
}

const lost = ({ pid }: ChildProcess, { message }: Error) => new ProcessEnded(`process ${pid}`, message);

const unsendable = (method: string, { message }: Error) =>
  new InputType(
    method,
    `what it was given cannot be sent to another process (${message})`,
    'Give plain data.',
  );

function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function revived({ code, place, problem, remedy, message }: Carried): Error {
  return code === undefined ? new Error(message) : new SemivaeError(code, place, problem, remedy);
}
