import { encode } from 'fast-png';
import { GLYPH, glyphOf } from './glyphs.ts';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Pixels to draw on, from the upper left: three bytes each. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export const PAPER: Colour = [255, 255, 255];
export const INK: Colour = [34, 38, 43];
export const FAINT: Colour = [222, 225, 229];

/** A colour so far on the way from one to another, 0 to 1. */
export const between = (from: Colour, to: Colour, share: number): Colour =>
  from.map((each, i) => Math.round(each + share * (to[i]! - each))) as unknown as Colour;

export function canvas(width: number, height: number, colour: Colour = PAPER): Canvas {
  const data = new Uint8Array(3 * width * height);
  for (let at = 0; at < data.length; at += 3) data.set(colour, at);
  return { width, height, data };
}

/** Lays a colour over a pixel; what lies outside the canvas is not drawn. */
function lay({ width, height, data }: Canvas, x: number, y: number, colour: Colour, opacity: number): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const at = 3 * (y * width + x);
  data.set(between([data[at]!, data[at + 1]!, data[at + 2]!], colour, opacity), at);
}

/** A filled rectangle. */
export function rectangle(
  on: Canvas,
  [left, top]: readonly [number, number],
  [width, height]: readonly [number, number],
  colour: Colour,
): void {
  for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) lay(on, x, y, colour, 1);
}

/** A filled disc with a soft edge. */
export function disc(
  on: Canvas,
  [x, y]: readonly [number, number],
  radius: number,
  colour: Colour,
  opacity = 1,
): void {
  const reach = Math.ceil(radius + 1);
  for (let row = Math.floor(y) - reach; row <= y + reach; row++) {
    for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
      const apart = Math.sqrt((column - x) ** 2 + (row - y) ** 2);
      const cover = Math.min(1, Math.max(0, radius + 0.5 - apart));
      if (cover > 0) lay(on, column, row, colour, cover * opacity);
    }
  }
}

/** Screen pixels for each pixel of a glyph. */
const SCALE = 2;
const ADVANCE = SCALE * (GLYPH.width + 1);

export const TEXT_HEIGHT = SCALE * GLYPH.height;
export const widthOf = (text: string): number => Array.from(text).length * ADVANCE - SCALE;

/** Writes a line of text, its upper left corner here. */
export function write(on: Canvas, text: string, [left, top]: readonly [number, number], colour = INK): void {
  Array.from(text).forEach((character, i) => {
    glyphOf(character).forEach((bits, column) => {
      for (let row = 0; row < GLYPH.height; row++) {
        if (!(bits & (1 << row))) continue;
        const place = [left + i * ADVANCE + column * SCALE, top + row * SCALE] as const;
        rectangle(on, place, [SCALE, SCALE], colour);
      }
    });
  });
}

/** The same in the middle of a place, over a margin of paper. */
export function writeOver(on: Canvas, text: string, [x, y]: readonly [number, number]): void {
  const [left, top] = [Math.round(x - widthOf(text) / 2), Math.round(y - TEXT_HEIGHT / 2)];
  for (const right of [-SCALE, 0, SCALE])
    for (const down of [-SCALE, 0, SCALE]) write(on, text, [left + right, top + down], PAPER);
  write(on, text, [left, top]);
}

/** The canvas as the bytes of a PNG: equal pixels, equal bytes. */
export const pngOf = ({ width, height, data }: Canvas): Uint8Array =>
  encode({ width, height, data, channels: 3, depth: 8 });
