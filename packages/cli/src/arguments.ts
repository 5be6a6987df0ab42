import { type Command, InvalidArgumentError } from 'commander';

/** A whole number from 0 up, for commander. */
export function natural(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Give a whole number from 0 up.');
}

/** A whole number from 1 up, for commander. */
export function positive(text: string): number {
  if (natural(text) > 0) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 up.');
}

/** A number from 0 up, for commander. */
export function scale(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError('Give a number from 0 up.');
}

/** A number between 0 and 1, for commander. */
export function rate(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Give a number between 0 and 1, such as 0.01.');
}

/** Gathers an option that may be repeated. */
export const gathered = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** What is wrong with an option that means nothing to a bundle. */
export const forOtherBundles = (flag: string, isImage: boolean): string =>
  `${flag} is for bundles of ${isImage ? 'tables, and this one is of images' : 'images, and this one is of a table'}`;

/** How an option is written on the command line: `dataDir` is `--data-dir`. */
export const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Options that every command has. */
export interface SharedOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Adds the shared options, and what `--help` says below them. */
export const shared = (command: Command, help: string): Command =>
  command
    .option('--json', 'one line of JSON on stdout instead of text')
    .option('--debug', 'print the stack of an error')
    .addHelpText('after', `\n${help.trim()}\n`);
