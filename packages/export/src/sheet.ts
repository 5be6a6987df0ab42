import type { Image } from '@semivae/runtime/core';
import { encode } from 'fast-png';

export interface SheetOptions {
  /** Images in a row. */
  readonly columns: number;
  /** Screen pixels for each pixel. */
  readonly scale?: number;
  /** Columns at the left that stand apart from the others; none unless told. */
  readonly apart?: number;
}

const GAP = 2;
const WIDE_GAP = 10;

/** Grey images side by side as the bytes of a PNG, each pixel drawn as a square. */
export function sheet(images: readonly Image[], { columns, scale = 2, apart = 0 }: SheetOptions): Uint8Array {
  const { width, height, channels } = images[0]!;
  const rows = Math.ceil(images.length / columns);
  const [cellWidth, cellHeight] = [width * scale + GAP, height * scale + GAP];
  const gap = apart > 0 ? WIDE_GAP : 0;
  const [sheetWidth, sheetHeight] = [columns * cellWidth + GAP + gap, rows * cellHeight + GAP];
  const data = new Uint8Array(sheetWidth * sheetHeight * 3).fill(48);
  images.forEach(({ values }, index) => {
    const column = index % columns;
    const left = GAP + column * cellWidth + (column < apart ? 0 : gap);
    const top = GAP + Math.floor(index / columns) * cellHeight;
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const pixel = Math.floor(y / scale) * width + Math.floor(x / scale);
        const to = 3 * ((top + y) * sheetWidth + left + x);
        for (let colour = 0; colour < 3; colour++) {
          data[to + colour] = Math.round(255 * values[pixel * channels + Math.min(colour, channels - 1)]!);
        }
      }
    }
  });
  return encode({ width: sheetWidth, height: sheetHeight, data, channels: 3, depth: 8 });
}
