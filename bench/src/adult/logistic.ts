import { Matrix, solve } from 'ml-matrix';

/** Rows of features, side by side, and their class, 0 or 1. */
export interface Examples {
  readonly x: Float64Array;
  readonly width: number;
  readonly y: Uint8Array;
}

const STEPS = 25;

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

/** Weights, the last of them the intercept. */
export type Weights = readonly number[];

export const logit = (weights: Weights, x: Float64Array, row: number): number => {
  const width = weights.length - 1;
  let sum = weights[width]!;
  for (let i = 0; i < width; i++) sum += weights[i]! * x[row * width + i]!;
  return sum;
};

/** The least of Σ log-loss + ½ decay |w|², by Newton's method; the intercept is free. */
export function logisticRegression({ x, width, y }: Examples, decay: number): Weights {
  const size = width + 1;
  let weights = Array<number>(size).fill(0);
  for (let step = 0; step < STEPS; step++) {
    const hessian = Matrix.zeros(size, size);
    const slope = Matrix.zeros(size, 1);
    for (let row = 0; row < y.length; row++) addRow(hessian, slope, weights, { x, width, y }, row);
    for (let i = 0; i < width; i++) {
      hessian.set(i, i, hessian.get(i, i) + decay);
      slope.set(i, 0, slope.get(i, 0) + decay * weights[i]!);
    }
    hessian.set(width, width, hessian.get(width, width) + 1e-9);
    const change = solve(hessian, slope).to1DArray();
    weights = weights.map((each, i) => each - change[i]!);
    if (Math.max(...change.map(Math.abs)) < 1e-8) break;
  }
  return weights;
}

function addRow(
  hessian: Matrix,
  slope: Matrix,
  weights: Weights,
  { x, width, y }: Examples,
  row: number,
): void {
  const p = sigmoid(logit(weights, x, row));
  const own = [...x.subarray(row * width, (row + 1) * width), 1];
  const present = own.flatMap((each, i) => (each === 0 ? [] : [i]));
  for (const i of present) {
    slope.set(i, 0, slope.get(i, 0) + (p - y[row]!) * own[i]!);
    for (const j of present) hessian.set(i, j, hessian.get(i, j) + p * (1 - p) * own[i]! * own[j]!);
  }
}

const FOLDS = 5;
const DECAYS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100] as const;

const some = ({ x, width, y }: Examples, wanted: (row: number) => boolean): Examples => {
  const rows = Array.from(y, (_, row) => row).filter(wanted);
  const picked = new Float64Array(rows.length * width);
  rows.forEach((row, i) => picked.set(x.subarray(row * width, (row + 1) * width), i * width));
  return { x: picked, width, y: Uint8Array.from(rows, (row) => y[row]!) };
};

function logLoss(weights: Weights, { x, y }: Examples): number {
  return y.reduce((sum, label, row) => {
    const margin = (label ? 1 : -1) * logit(weights, x, row);
    return sum + Math.log1p(Math.exp(-Math.max(-30, Math.min(30, margin))));
  }, 0);
}

/** Logistic regression, its decay chosen by the log-loss over five folds; rows come in random order. */
export function crossValidated(examples: Examples): Weights {
  const losses = DECAYS.map((decay) =>
    Array.from({ length: FOLDS }, (_, fold) => {
      const inFold = (row: number) => row % FOLDS === fold;
      const weights = logisticRegression(
        some(examples, (row) => !inFold(row)),
        decay,
      );
      return logLoss(weights, some(examples, inFold));
    }).reduce((sum, each) => sum + each, 0),
  );
  return logisticRegression(examples, DECAYS[losses.indexOf(Math.min(...losses))]!);
}
