import type { Anomaly } from '@semivae/report';
import type { ColumnAnswers, Manifest } from '@semivae/runtime';
import { tableInput } from '@semivae/runtime';
import type { PickedRows } from './picked-rows.ts';

const SHOWN = 10;
const CONTRIBUTIONS = 4;

/** Keeps the rows with the highest scores as they go by. */
export interface TopAnomalies {
  add(rows: PickedRows, answers: ColumnAnswers, labels: readonly string[]): void;
  /** The highest score first. */
  list(): readonly Anomaly[];
}

/** A raw cell as the page takes it: null where missing, a time as it is written. */
function shown(cell: string | number, kind: string | undefined): string | number | null {
  if (cell === '' || Number.isNaN(cell)) return null;
  if (typeof cell === 'string') return cell;
  if (kind !== 'timestamp' || Math.abs(cell) > 8.64e15) return Number(cell.toPrecision(12));
  return new Date(cell).toISOString().replace(/(T00:00:00)?\.000Z$/, '');
}

export function openTopAnomalies(manifest: Manifest, ranked: boolean): TopAnomalies {
  const kinds = new Map(tableInput(manifest).columns.map(({ name, kind }) => [name, kind]));
  let kept: Anomaly[] = [];
  const lowest = () => (kept.length < SHOWN ? -Infinity : kept.at(-1)!.score);
  return {
    list: () => kept,
    add(rows, answers, labels) {
      answers.score.forEach((score, row) => {
        if (!(score > lowest())) return;
        const found = {
          row: rows.at[row]! + 1,
          score,
          ...(ranked && answers.pValue && { pValue: answers.pValue[row]! }),
          ...(labels[row] && { label: labels[row] }),
          contributions: contributionsOf(rows, answers, row, kinds),
        };
        kept = [...kept, found].sort((a, b) => b.score - a.score).slice(0, SHOWN);
      });
    },
  };
}

function contributionsOf(
  { columns: cells }: PickedRows,
  { columns, contributions }: ColumnAnswers,
  row: number,
  kinds: ReadonlyMap<string, string>,
) {
  return columns
    .map((column, at) => ({
      column,
      value: shown(cells[column]![row]!, kinds.get(column)),
      amount: contributions[row * columns.length + at]!,
    }))
    .sort((a, b) => b.amount - a.amount)
    .slice(0, CONTRIBUTIONS);
}
