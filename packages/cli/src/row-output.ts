import { CommandFailure } from './failure.ts';
import type { Output } from './output.ts';

/** Whether rows go where the words of a command go else. */
export const isStdout = (out: string | undefined): boolean => out === '-' || out === '/dev/stdout';

/** Throws `OUT_JSON` where rows and the one line of JSON would both go to stdout. */
export function checkStdout(out: string | undefined, { json }: Output): void {
  if (!json || !isStdout(out)) return;
  throw new CommandFailure('OUT_JSON', '--out', 'rows and --json both go to stdout', 'Give --out a file.');
}

/** Where a command speaks that wrote rows to `out`. */
export const tellerBeside = (out: string | undefined, { say, note }: Output): ((text?: string) => void) =>
  isStdout(out) ? (text = '') => note(text) : say;
