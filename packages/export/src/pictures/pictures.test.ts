import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { canvas, disc, INK, PAPER, pngOf, rectangle, TEXT_HEIGHT, widthOf, write } from './canvas.ts';
import { glyphOf } from './glyphs.ts';
import { confusionMap } from './heat-map.ts';
import { scatter } from './scatter.ts';

const colourAt = (png: Uint8Array, x: number, y: number) => {
  const { width, data } = decode(png);
  return Array.from(data.slice(3 * (y * width + x), 3 * (y * width + x) + 3));
};

test('text takes the room that it says, and every printable character but the space leaves ink', () => {
  const drawn = (text: string) => {
    const on = canvas(widthOf(text), TEXT_HEIGHT);
    write(on, text, [0, 0]);
    return on.data;
  };
  const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const inked = characters.filter((each) => drawn(each).some((byte) => byte !== 255));
  expect(inked).toEqual(characters.slice(1));
  const pictures = characters.map((each) => drawn(each).join());
  expect(new Set(pictures).size).toBe(95);
  expect(glyphOf('é')).toEqual(glyphOf('e'));
  expect(glyphOf('中')).toEqual(glyphOf('?'));
});

test('what lies outside a canvas is not drawn', () => {
  const on = canvas(4, 3);
  rectangle(on, [-5, -5], [5, 20], INK);
  disc(on, [20, 20], 3, INK);
  write(on, 'x', [4, 0]);
  expect(on.data.every((byte) => byte === 255)).toBe(true);
  rectangle(on, [2, 1], [9, 9], INK);
  expect([colourAt(pngOf(on), 1, 1), colourAt(pngOf(on), 3, 2)]).toEqual(
    [PAPER, INK].map((each) => [...each]),
  );
});

test('a confusion map has a cell for each pair, blue where all rows are right and orange where all are wrong', () => {
  const [blue, orange] = ['10,106,168', '196,82,10'];
  const shown = (counts: readonly (readonly number[])[]) => {
    const png = confusionMap({ names: counts.map((_, i) => String(i)), counts });
    const { width, height, data } = decode(png);
    const pixels = Array.from({ length: width * height }, (_, i) => data.slice(3 * i, 3 * i + 3).join());
    return { width, height, of: (colour: string) => pixels.filter((each) => each === colour).length };
  };
  const right = shown([
    [9, 0],
    [0, 8],
  ]);
  const wrong = shown([
    [0, 9],
    [8, 0],
  ]);
  const bigger = shown([
    [9, 0, 0],
    [0, 9, 0],
    [0, 0, 9],
  ]);
  expect([right.of(orange), wrong.of(blue)]).toEqual([0, 0]);
  expect(wrong.of(orange)).toBeGreaterThan(0);
  expect(2 * bigger.of(blue)).toBeGreaterThan(2.5 * right.of(blue));
  expect(bigger.width - right.width).toBeGreaterThan(TEXT_HEIGHT);
  expect(bigger.height - right.height).toBeGreaterThan(TEXT_HEIGHT);
});

test('points lie where their coordinates say, in the colour of their group; equal points give equal bytes', () => {
  const corners = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const;
  const of = () =>
    scatter({ points: corners, groups: [0, 0, 1, 1], names: ['a', 'b'], axes: ['across', 'up'] });
  const png = of();
  expect(Buffer.from(of()).equals(png)).toBe(true);
  const [a, above, b, besides] = [
    [24, 620],
    [24, 48],
    [736, 620],
    [736, 48],
  ].map(([x, y]) => colourAt(png, x!, y!));
  expect([a, b]).toEqual([above, besides]);
  expect(a).not.toEqual(b);
  expect([a, b]).not.toContainEqual([255, 255, 255]);
});
