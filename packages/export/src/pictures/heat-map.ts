import {
  between,
  type Canvas,
  type Colour,
  canvas,
  FAINT,
  INK,
  PAPER,
  pngOf,
  rectangle,
  TEXT_HEIGHT,
  widthOf,
  write,
} from './canvas.ts';

/** How often each class was taken for each. */
export interface ConfusionMap {
  readonly names: readonly string[];
  /** `counts[truth][answer]`. */
  readonly counts: readonly (readonly number[])[];
}

const RIGHT: Colour = [10, 106, 168];
const WRONG: Colour = [196, 82, 10];
const LONGEST = 10;
const PADDING = 8;
const MARGIN = 16;

const shortened = (name: string): string =>
  Array.from(name).length > LONGEST
    ? `${Array.from(name)
        .slice(0, LONGEST - 2)
        .join('')}..`
    : name;

const centred = (on: Canvas, text: string, [x, y]: readonly [number, number], colour?: Colour): void =>
  write(on, text, [Math.round(x - widthOf(text) / 2), Math.round(y - TEXT_HEIGHT / 2)], colour);

/** The colour of a cell by its share of the row: small shares of wrong answers are seen too. */
const shade = (share: number, isRight: boolean): Colour =>
  between(PAPER, isRight ? RIGHT : WRONG, isRight ? share : Math.sqrt(share));

/**
 * A confusion matrix as the bytes of a PNG: a row for each true class, its rows right in blue and wrong in orange, the
 * more the darker.
 */
export function confusionMap({ names, counts }: ConfusionMap): Uint8Array {
  const labels = names.map(shortened);
  const texts = counts.map((row) => row.map((count) => (count === 0 ? '' : String(count))));
  const cell = Math.max(...[...labels, ...texts.flat()].map(widthOf)) + 2 * PADDING;
  const tall = TEXT_HEIGHT + 2 * PADDING;
  const left = MARGIN + Math.max(widthOf('truth'), ...labels.map(widthOf)) + PADDING;
  const top = MARGIN + 2 * (TEXT_HEIGHT + PADDING);
  const on = canvas(left + names.length * cell + MARGIN, top + names.length * tall + MARGIN);
  centred(on, 'taken for', [left + (names.length * cell) / 2, MARGIN + TEXT_HEIGHT / 2]);
  write(on, 'truth', [left - PADDING - widthOf('truth'), top - TEXT_HEIGHT - PADDING]);
  rectangle(on, [left, top], [names.length * cell, names.length * tall], FAINT);
  counts.forEach((row, truth) => {
    const [y, all] = [top + truth * tall, row.reduce((sum, each) => sum + each, 0)];
    const label = labels[truth]!;
    write(on, label, [left - PADDING - widthOf(label), y + PADDING]);
    centred(on, label, [left + (truth + 0.5) * cell, top - PADDING - TEXT_HEIGHT / 2]);
    row.forEach((count, answer) => {
      const share = all === 0 ? 0 : count / all;
      const colour = shade(share, truth === answer);
      rectangle(on, [left + answer * cell, y], [cell - 1, tall - 1], colour);
      const text = colour[1] < 150 ? PAPER : INK;
      centred(on, texts[truth]![answer]!, [left + (answer + 0.5) * cell, y + tall / 2], text);
    });
  });
  return pngOf(on);
}
