import type { Chunk } from '@semivae/data';
import type { ColumnAnswers, InputColumn } from '@semivae/runtime/core';
import { unseenIn } from './answer-columns.ts';

/** A cell, and what it adds to the score of its row. */
export interface Reason {
  readonly column: string;
  /** As a person reads it. */
  readonly cell: string;
  readonly contribution: number;
}

/** A strange row, and why it is one. */
export interface StrangeRow {
  /** Counted from 1. */
  readonly row: number;
  readonly score: number;
  readonly pValue?: number;
  /** The cells that add most, the most first. */
  readonly reasons: readonly Reason[];
  readonly unseen: readonly string[];
}

/** The strangest rows of those that went by. */
export interface Strangest {
  add(chunk: Chunk, answers: ColumnAnswers): void;
  /** The strangest first. */
  rows(): readonly StrangeRow[];
}

const REASONS = 3;

/** Keeps the `most` rows of the highest scores; a score that is NaN is stranger than all. */
export function openStrangest(columns: readonly InputColumn[], most: number): Strangest {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const kept: { readonly rank: number; readonly found: StrangeRow }[] = [];
  return {
    add(chunk, answers) {
      for (let row = 0; row < answers.rows; row++) {
        const score = answers.score[row]!;
        const rank = Number.isNaN(score) ? Infinity : score;
        if (kept.length === most && !(rank > kept.at(-1)!.rank)) continue;
        kept.push({ rank, found: strangeRow(chunk, answers, row, byName) });
        kept.sort((a, b) => b.rank - a.rank).splice(most);
      }
    },
    rows: () => kept.map(({ found }) => found),
  };
}

type ByName = ReadonlyMap<string, InputColumn>;

const strangeRow = (chunk: Chunk, answers: ColumnAnswers, row: number, byName: ByName): StrangeRow => ({
  row: chunk.start + row + 1,
  score: answers.score[row]!,
  ...(answers.pValue && { pValue: answers.pValue[row]! }),
  reasons: reasonsOf(chunk, answers, row, byName),
  unseen: unseenIn(answers, row),
});

function reasonsOf(
  chunk: Chunk,
  { columns, contributions }: ColumnAnswers,
  row: number,
  byName: ByName,
): Reason[] {
  const all = columns.map((column, at) => ({
    column,
    cell: shown(chunk.columns[column]![row]!, byName.get(column)),
    contribution: contributions[row * columns.length + at]!,
  }));
  return all.sort((a, b) => b.contribution - a.contribution).slice(0, REASONS);
}

function shown(cell: number | string, { kind, written = {} }: Partial<InputColumn> = {}): string {
  if (cell === '' || Number.isNaN(cell)) return 'missing';
  if (written.words && (cell === 0 || cell === 1)) return written.words[cell];
  if (kind === 'timestamp') return time(cell as number);
  return typeof cell === 'number' ? String(Number(cell.toPrecision(6))) : cell;
}

const time = (millis: number): string =>
  Math.abs(millis) <= 8.64e15
    ? new Date(millis).toISOString().replace(/(T00:00:00)?\.000Z$/, '')
    : `${millis} ms`;
