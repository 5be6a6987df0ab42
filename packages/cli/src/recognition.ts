import { type Cells, hashesOf, type TrainedRows } from '@semivae/data';
import { showPercent } from './table.ts';

/** Rows that training saw among rows that it must not have seen. */
export interface Recognised {
  /** The share of the rows that training saw, beyond what twins explain. */
  readonly share: number;
  /** How likely chance alone makes so many. */
  readonly pValue: number;
}

/** Rows of the same process are taken for those of training once in so many files, at the most. */
const CHANCE = 1e-3;
const LEAST_SHARE = 0.1;
const LEAST_ROWS = 5;

/** Looks for rows that training saw, as they go by. */
export function openRecognition({ below, hashes, heldOut }: TrainedRows, names: readonly string[]) {
  const trained = new Set(hashes);
  let [rows, known] = [0, 0];
  return {
    add(columns: Readonly<Record<string, Cells>>, length: number): void {
      for (const hash of hashesOf(names, columns, length)) {
        if (hash >= below) continue;
        rows++;
        if (trained.has(hash)) known++;
      }
    },
    async recognised(): Promise<Recognised | undefined> {
      if (rows < LEAST_ROWS || heldOut.rows === 0) return undefined;
      const twins = heldOut.twins / heldOut.rows;
      const share = (known / rows - twins) / (1 - twins);
      // where most rows have a twin, the share of the others tells little
      if (!(share >= Math.max(LEAST_SHARE, twins))) return undefined;
      const { chiSquareHomogeneity } = await import('@semivae/statistics');
      const counts = [known, rows - known];
      const { pValue } = chiSquareHomogeneity(counts, [heldOut.twins, heldOut.rows - heldOut.twins]);
      return pValue <= CHANCE ? { share, pValue } : undefined;
    },
  };
}

export type Recognition = ReturnType<typeof openRecognition>;

/** Lines that warn of rows that training saw. */
export const recognisedInWords = ({ share }: Recognised): readonly string[] => [
  `warning about ${showPercent(100 * share)} of these rows were trained on: a model knows them better than any new row, so the threshold is`,
  '        too low and false alarms will be more than is said; calibrate on rows that training never saw',
];
