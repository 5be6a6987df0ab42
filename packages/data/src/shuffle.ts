import { fillIntegers } from '@semivae/runtime/core';

const two32 = 2 ** 32;
const words = new Uint32Array(1024);

/** Puts `items` in a random order, in place; a pure function of their order and (seed, use, step). Fisher–Yates. */
export function shuffle(items: Int32Array, seed: number, use: number, step: number): void {
  for (let i = 0; i < items.length; i++) {
    const at = i % words.length;
    if (at === 0) fillIntegers(words, { seed, stream: use, step }, two32, i);
    const j = i + Math.floor((words[at]! * (items.length - i)) / two32);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
}

/** 0 … rows − 1. */
export function range(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}
