import { SemivaeError, visibleLine } from '@semivae/runtime/core';
import { CommanderError } from 'commander';
import type { Output } from './output.ts';
import { styleFor } from './style.ts';

/** A mistake in what the command was asked to do. */
export class CommandFailure extends SemivaeError {}

/** The person, or the machine, asked the command to stop. */
export class Interrupted extends SemivaeError {
  constructor(place: string, remedy = 'Run the command again.') {
    super('INTERRUPTED', place, 'stopped on request', remedy);
  }
}

/** Exit codes: 0 done; 1 a judgement that failed, or a fault of semivae; 2 a mistake that can be mended; 130 stopped. */
export const exitCodes = { failed: 1, mistake: 2, interrupted: 130 } as const;

/** Any error of ours, whichever package it is from. */
interface Explained extends Error {
  readonly code: string;
  readonly place: string;
  readonly remedy: string;
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  'remedy' in error &&
  typeof error.remedy === 'string';

/** What a failure is under --json: `{"failure": …}`, so that it is never taken for a result. */
export interface Failure {
  readonly code: string;
  readonly place: string;
  readonly message: string;
  readonly remedy: string;
}

const withoutRemedy = ({ message, remedy }: Explained): string =>
  message.endsWith(remedy) ? message.slice(0, -remedy.length).trimEnd() : message;

function failureOf(error: unknown): Failure {
  if (isExplained(error)) {
    const { code, place, remedy } = error;
    return { code, place, message: withoutRemedy(error), remedy };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const remedy = 'This is a fault of semivae: run it again with --debug, and report what it prints.';
  return { code: 'UNEXPECTED', place: 'semivae', message, remedy };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  return isExplained(error) ? exitCodes.mistake : exitCodes.failed;
}

/** Commander has said on stderr what is wrong; help and the version are no failures. */
function reportUsage(error: CommanderError, output: Output): number {
  if (error.exitCode === 0) return 0;
  const remedy = 'See semivae --help, or semivae <command> --help.';
  const message = error.message.replace(/^error: /, '');
  output.answer({ failure: { code: 'USAGE', place: 'command line', message, remedy } });
  return exitCodes.mistake;
}

/** Says what went wrong, where, and what to do; gives the exit code. */
export function reportFailure(error: unknown, output: Output, debug: boolean): number {
  if (error instanceof CommanderError) return reportUsage(error, output);
  const failure = failureOf(error);
  const style = styleFor(process.stderr);
  const head = error instanceof Interrupted ? style('yellow', 'stopped') : style('red', 'error');
  output.note(`${head}: ${visibleLine(failure.message)}`);
  output.note(`  ${visibleLine(failure.remedy)} ${style('dim', `[${failure.code}]`)}`);
  if (debug && error instanceof Error) output.note(error.stack ?? '');
  output.answer({ failure });
  return exitCodeOf(error);
}
