import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { sheet } from './sheet.ts';

const image = (value: number) => ({
  width: 2,
  height: 3,
  channels: 1,
  values: new Float32Array(6).fill(value),
});

test('a sheet has a cell for each image, in rows, with its grey value in each scaled pixel', () => {
  const { width, height, data } = decode(sheet([image(0), image(1), image(0.5)], { columns: 2, scale: 4 }));
  expect([width, height]).toEqual([2 + 2 * (2 * 4 + 2), 2 + 2 * (3 * 4 + 2)]);
  const at = (x: number, y: number) => data[3 * (y * width + x)];
  expect([at(2, 2), at(9, 13), at(12, 2), at(19, 13), at(2, 16), at(9, 27)]).toEqual([
    0, 0, 255, 255, 128, 128,
  ]);
});

test('columns that stand apart leave the others as they are, further to the right', () => {
  const images = [image(0), image(1), image(0.5)];
  const [plain, apart] = [{ columns: 3 }, { columns: 3, apart: 1 }].map((each) =>
    decode(sheet(images, each)),
  );
  const gap = apart!.width - plain!.width;
  expect(gap).toBeGreaterThan(0);
  const column = ({ width, height, data }: typeof plain & object, x: number) =>
    Array.from({ length: height }, (_, y) => data[3 * (y * width + x)]);
  expect(column(apart!, 3)).toEqual(column(plain!, 3));
  for (let x = 8; x < plain!.width; x++) expect(column(apart!, x + gap)).toEqual(column(plain!, x));
});
