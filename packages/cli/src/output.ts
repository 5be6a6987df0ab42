import { visibleLine } from '@semivae/runtime/core';
import { harmless, type Style, styleFor } from './style.ts';

/** Where a command speaks: results to stdout, progress and notes to stderr. */
export interface Output {
  readonly json: boolean;
  readonly style: Style;
  /** A line for people on stdout; nothing under --json. */
  say(text?: string): void;
  /** Rows on stdout, as they are but where people look at them; nothing under --json. */
  rows(text: string): void;
  /** A line for people on stderr. */
  note(text: string): void;
  /** The one line of JSON on stdout under --json; otherwise nothing. */
  answer(result: object): void;
}

/** The output of a command: the one place where words go out, so that no text from data can command a terminal. */
export function openOutput(json: boolean): Output {
  const { stdout, stderr } = process;
  return {
    json,
    style: styleFor(stdout),
    say: (text = '') => void (json || stdout.write(`${harmless(text, stdout)}\n`)),
    rows: (text) => void (json || stdout.write(`${stdout.isTTY ? harmless(text, stdout) : text}\n`)),
    note: (text) => void stderr.write(`${harmless(text, stderr)}\n`),
    answer: (result) => void (json && stdout.write(`${visibleLine(JSON.stringify(result))}\n`)),
  };
}
