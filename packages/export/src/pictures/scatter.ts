import {
  type Colour,
  canvas,
  disc,
  FAINT,
  pngOf,
  rectangle,
  TEXT_HEIGHT,
  widthOf,
  write,
  writeOver,
} from './canvas.ts';

/** Points in a plane, each of a group. */
export interface Scatter {
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The index of each point's group. */
  readonly groups: ArrayLike<number>;
  readonly names: readonly string[];
  /** What is along the two axes. */
  readonly axes: readonly [x: string, y: string];
}

/** Ten colours, apart for all eyes; from the eleventh group on they begin anew. */
const SERIES: readonly Colour[] = [
  [10, 106, 168],
  [196, 82, 10],
  [29, 138, 99],
  [176, 83, 143],
  [166, 124, 0],
  [63, 163, 214],
  [107, 79, 160],
  [122, 82, 48],
  [143, 163, 34],
  [111, 115, 120],
];
const colourOf = (group: number): Colour => SERIES[group % SERIES.length]!;

const SIZE = { width: 760, height: 620 } as const;
const MARGIN = 24;
const LINE = TEXT_HEIGHT + 10;
const DOT = 2.2;

const rangeOf = (values: readonly number[]): readonly [low: number, high: number] =>
  values.reduce<[number, number]>(
    ([low, high], each) => [Math.min(low, each), Math.max(high, each)],
    [Infinity, -Infinity],
  );

/** From values to places between two ends; equal values lie in the middle. */
function scaleTo(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = rangeOf(values);
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

type Place = readonly [x: number, y: number];

/** The middle of each group that is not near the middle of one before it. */
function middlesOf(placed: readonly Place[], groups: ArrayLike<number>, names: readonly string[]) {
  const all = names.flatMap((name, group) => {
    const own = placed.filter((_, i) => groups[i] === group);
    const at: Place = [mean(own.map((place) => place[0])), mean(own.map((place) => place[1]))];
    return own.length ? [{ name, at }] : [];
  });
  const near = (one: Place, other: Place) =>
    Math.abs(one[0] - other[0]) < 2 * LINE && Math.abs(one[1] - other[1]) < LINE;
  return all.filter(({ at }, i) => !all.slice(0, i).some((other) => near(at, other.at)));
}

/** Points coloured by group, with a legend at the right and each group's name at its middle, as the bytes of a PNG. */
export function scatter({ points, groups, names, axes }: Scatter): Uint8Array {
  const legend = Math.max(0, ...names.map(widthOf)) + 3 * LINE;
  const top = MARGIN + LINE;
  const on = canvas(SIZE.width + legend, SIZE.height + 2 * LINE);
  const [right, bottom] = [SIZE.width - MARGIN, SIZE.height];
  rectangle(on, [MARGIN - 8, bottom + 8], [right - MARGIN + 16, 1], FAINT);
  rectangle(on, [MARGIN - 8, top - 8], [1, bottom - top + 16], FAINT);
  write(on, axes[1], [MARGIN - 8, MARGIN - 8]);
  write(on, axes[0], [right - widthOf(axes[0]), bottom + 18]);
  const x = scaleTo(
    points.map((point) => point[0]),
    MARGIN,
    right,
  );
  const y = scaleTo(
    points.map((point) => point[1]),
    bottom,
    top,
  );
  const placed = points.map((point) => [x(point[0]), y(point[1])] as const);
  placed.forEach((place, i) => disc(on, place, DOT, colourOf(groups[i]!), 0.5));
  names.forEach((name, group) => {
    disc(on, [SIZE.width + LINE / 2, top + group * LINE + TEXT_HEIGHT / 2], 6, colourOf(group));
    write(on, name, [SIZE.width + LINE, top + group * LINE]);
  });
  for (const { name, at } of middlesOf(placed, groups, names)) writeOver(on, name, at);
  return pngOf(on);
}
