import type { Written } from '@semivae/data/node';
import { visibleLine } from '@semivae/runtime/core';
import type { Command } from 'commander';
import { CommandFailure } from './failure.ts';
import type { Output } from './output.ts';

/** Whether rows go where the words of a command go else. */
export const isStdout = (out: string | undefined): boolean => out === '-' || out === '/dev/stdout';

/** Throws `OUT_JSON` where rows and the one line of JSON would both go to stdout. */
export function checkStdout(out: string | undefined, { json }: Output): void {
  if (!json || !isStdout(out)) return;
  throw new CommandFailure('OUT_JSON', '--out', 'rows and --json both go to stdout', 'Give --out a file.');
}

/** Adds the option for rows that people open in a spreadsheet. */
export const withFormulaFlag = (command: Command): Command =>
  command.option(
    '--escape-formulas',
    "CSV: put ' before texts that a spreadsheet would run as formulas (they begin with =, +, - or @)",
  );

/** Says that a spreadsheet would run some of the texts that were written. */
export function noteFormulas({ formulas }: Written, { note }: Output): void {
  if (formulas.length === 0) return;
  const columns = formulas.map((name) => `'${visibleLine(name)}'`).join(', ');
  note(`note: a spreadsheet would run texts of ${columns} as formulas; --escape-formulas puts ' before them`);
}

/** Where a command speaks that wrote rows to `out`. */
export const tellerBeside = (out: string | undefined, { say, note }: Output): ((text?: string) => void) =>
  isStdout(out) ? (text = '') => note(text) : say;
