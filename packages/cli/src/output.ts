import { type Style, styleFor } from './style.ts';

/** Where a command speaks: results to stdout, progress and notes to stderr. */
export interface Output {
  readonly json: boolean;
  readonly style: Style;
  /** A line for people on stdout; nothing under --json. */
  say(text?: string): void;
  /** A line for people on stderr. */
  note(text: string): void;
  /** The one line of JSON on stdout under --json; otherwise nothing. */
  answer(result: object): void;
}

/** The output of a command. */
export function openOutput(json: boolean): Output {
  const { stdout, stderr } = process;
  return {
    json,
    style: styleFor(stdout),
    say: (text = '') => void (json || stdout.write(`${text}\n`)),
    note: (text) => void stderr.write(`${text}\n`),
    answer: (result) => void (json && stdout.write(`${JSON.stringify(result)}\n`)),
  };
}
