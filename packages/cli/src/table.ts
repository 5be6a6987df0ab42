import { visibleLine } from '@semivae/runtime/core';

/** Rows as aligned columns of text, the first row its head; columns of numbers are flush right. */
export function table(rows: readonly (readonly string[])[], gap = '  '): string {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => visibleLine(row[column] ?? '')));
  const shown = columns.map((cells) => aligned(cells));
  return rows
    .map((_, row) =>
      shown
        .map((cells) => cells[row]!)
        .join(gap)
        .trimEnd(),
    )
    .join('\n');
}

const numeric = (cell: string): boolean =>
  /^[\s\d.,·±+–-]*(e[+-]?\d+)?( ?(%|B|kB|MB|nats|ms|s))?$/.test(cell);

function aligned(cells: readonly string[]): string[] {
  const width = Math.max(...cells.map((cell) => cell.length));
  const right = cells.slice(1).every(numeric);
  return cells.map((cell) => (right ? cell.padStart(width) : cell.padEnd(width)));
}

const BARS = '▁▂▃▄▅▆▇█';

/** Numbers as a line of bars, from the smallest to the largest, at most `width` of them. */
export function sparkline(numbers: readonly number[], width = 60): string {
  const step = Math.max(1, numbers.length / width);
  const shown = Array.from(
    { length: Math.min(width, numbers.length) },
    (_, i) => numbers[Math.floor(i * step)]!,
  );
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const level = (each: number) => (high > low ? Math.round(((each - low) / (high - low)) * 7) : 0);
  return shown.map((each) => BARS[level(each)]).join('');
}

/** A size in bytes as people read it. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const showPercent = (percent: number): string => `${percent.toFixed(2)} %`;

/** A time in minutes as people read it. */
export function showMinutes(minutes: number): string {
  const seconds = Math.round(minutes * 60);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
