import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

function attempted<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** When a process began, in ticks since the machine did; '0' where the platform does not tell. */
const startOf = (pid: number): string =>
  attempted(() => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[19]!; // of proc_pid_stat(5) the 22nd, counted from the state, which is the third
  }, '0');

// two containers may have one name, but not one space of process numbers
const space = attempted(() => readlinkSync('/proc/self/ns/pid'), '');
const machine = createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 8);

/** This process, as a part of the names of what is its own: the machine, its number, when it began. */
export const owner = `${machine}-${process.pid}-${startOf(process.pid)}`;

/** What a part of a name that stands for a process looks like. */
export const OWNER = '[0-9a-f]{8}-\\d+-\\d+';

/** The number of the process that `owner` stands for. */
export const pidOf = (of: string): number => Number(of.split('-')[1]);

/** Whether a process is alive; 'elsewhere' where that cannot be told from this machine. */
export function fateOf(of: string): 'alive' | 'dead' | 'elsewhere' {
  const [there, pid, started] = of.split('-');
  if (there !== machine) return 'elsewhere';
  if (!isThere(Number(pid))) return 'dead';
  const now = startOf(Number(pid));
  return started !== '0' && now !== '0' && started !== now ? 'dead' : 'alive';
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
