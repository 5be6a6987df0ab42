import { streamOf } from './streams.ts';

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), a counter-based
 * generator: every draw is a pure function of (seed, stream, step, index), so elements can be computed in any order
 * and nothing needs saving to resume. Only integer operations and + − × ÷ √ are used, which IEEE 754 rounds
 * exactly, so all draws are bit-equal on every host. Index < 2^34.
 */

/** Where a draw stands. Seed and step are integers in [0, 2^53), stream in [0, 2^32); one stream for each use of noise. */
export interface Draw {
  readonly seed: number;
  readonly stream: number;
  readonly step: number;
}

const two32 = 0x1_0000_0000;
const chunk = 1024;
const words = new Uint32Array(chunk + 8);

/** `out[i]` uniform in [0, 1), a multiple of 2^-24: element `offset + i` of the draw. */
export function fillUniform(out: Float32Array, draw: Draw, offset = 0): void {
  for (let start = 0; start < out.length; start += chunk) {
    const end = Math.min(start + chunk, out.length);
    const skip = fillWords(draw, offset + start, end - start);
    for (let i = start; i < end; i++) out[i] = (words[skip + i - start]! >>> 8) * 2 ** -24;
  }
}

/** `out[i]` standard normal, at most 6.34 from 0: element `offset + i` of the draw. */
export function fillNormal(out: Float32Array, draw: Draw, offset = 0): void {
  for (let start = 0; start < out.length; start += chunk) {
    const end = Math.min(start + chunk, out.length);
    const skip = fillWords(draw, offset + start, end - start);
    for (let i = start; i < end; i++) out[i] = normalQuantile(words[skip + i - start]!);
  }
}

/** `out[i]` uniform on the integers 0 … below − 1 (below ≤ 2^32; a value's chance is off by less than 2^-32). */
export function fillIntegers(out: Uint32Array | Int32Array, draw: Draw, below: number, offset = 0): void {
  for (let start = 0; start < out.length; start += chunk) {
    const end = Math.min(start + chunk, out.length);
    const skip = fillWords(draw, offset + start, end - start);
    for (let i = start; i < end; i++) out[i] = Math.floor(words[skip + i - start]! * (below / two32));
  }
}

/** `count` integers of 0 … below − 1, as `fillIntegers` draws them. */
export function integers(count: number, below: number, draw: Draw): Uint32Array {
  const out = new Uint32Array(count);
  fillIntegers(out, draw, below);
  return out;
}

/** A random order of 0 … n − 1 for one epoch (Fisher–Yates; each exchange is off uniform by less than n / 2^32). */
export function permutation(n: number, seed: number, epoch: number): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const draw = { seed, stream: streamOf('permutation'), step: epoch };
  for (let start = 0; start < n; start += chunk) {
    const end = Math.min(start + chunk, n);
    const skip = fillWords(draw, start, end - start);
    for (let i = start; i < end; i++) {
      const j = i + Math.floor((words[skip + i - start]! * (n - i)) / two32);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
  }
  return order;
}

/** The four 32-bit words of counter (c0, c1, c2, c3) under key (k0, k1). */
export function philox(counter: readonly number[], key: readonly number[]): Uint32Array {
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  const [k0 = 0, k1 = 0] = key;
  fillBlocks(4, c0, c1, c2, c3, k0, k1);
  return words.slice(0, 4);
}

/** Words `first … first + count − 1` of the draw, left in `words` from the returned place on. */
function fillWords({ seed, stream, step }: Draw, first: number, count: number): number {
  const block = Math.floor(first / 4);
  const skip = first - block * 4;
  const seedHigh = Math.floor(seed / two32);
  const stepHigh = Math.floor(step / two32);
  fillBlocks(skip + count, block, step, stepHigh, seedHigh, seed, stream);
  return skip;
}

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const scaled0 = multiplier0 / two32;
const scaled1 = multiplier1 / two32;

/**
 * The first `count` words of counters c0, c0 + 1, …; two blocks go abreast because their latencies then overlap.
 * The rounded float64 product of 32-bit factors has the right high half, unless the low half is so near 2^32 that
 * rounding carries.
 */
function fillBlocks(
  count: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let at = 0; at < count; at += 8) {
    let x0 = (c0 + (at >>> 2)) >>> 0;
    let x1 = c1 | 0;
    let x2 = c2 >>> 0;
    let x3 = c3 | 0;
    let y0 = (x0 + 1) >>> 0;
    let y1 = x1;
    let y2 = x2;
    let y3 = x3;
    let key0 = k0 | 0;
    let key1 = k1 | 0;
    for (let round = 0; round < 10; round++) {
      const xLow0 = Math.imul(multiplier0, x0);
      const xLow1 = Math.imul(multiplier1, x2);
      const yLow0 = Math.imul(multiplier0, y0);
      const yLow1 = Math.imul(multiplier1, y2);
      let xHigh0 = (scaled0 * x0) >>> 0;
      let xHigh1 = (scaled1 * x2) >>> 0;
      let yHigh0 = (scaled0 * y0) >>> 0;
      let yHigh1 = (scaled1 * y2) >>> 0;
      if (xLow0 >>> 0 >= carries) xHigh0 = exactHigh(multiplier0, x0);
      if (xLow1 >>> 0 >= carries) xHigh1 = exactHigh(multiplier1, x2);
      if (yLow0 >>> 0 >= carries) yHigh0 = exactHigh(multiplier0, y0);
      if (yLow1 >>> 0 >= carries) yHigh1 = exactHigh(multiplier1, y2);
      x0 = (xHigh1 ^ x1 ^ key0) >>> 0;
      x2 = (xHigh0 ^ x3 ^ key1) >>> 0;
      x1 = xLow1;
      x3 = xLow0;
      y0 = (yHigh1 ^ y1 ^ key0) >>> 0;
      y2 = (yHigh0 ^ y3 ^ key1) >>> 0;
      y1 = yLow1;
      y3 = yLow0;
      key0 = (key0 + 0x9e3779b9) | 0;
      key1 = (key1 + 0xbb67ae85) | 0;
    }
    words[at] = x0;
    words[at + 1] = x1;
    words[at + 2] = x2;
    words[at + 3] = x3;
    words[at + 4] = y0;
    words[at + 5] = y1;
    words[at + 6] = y2;
    words[at + 7] = y3;
  }
}

const carries = two32 - 1024;

/** ⌊a b / 2^32⌋: the product is within 2^10 of the exact one, so (product − low) / 2^32 rounds to the integer. */
function exactHigh(a: number, b: number): number {
  const low = Math.imul(a, b) >>> 0;
  return ((a * b - low) / two32 + 0.5) >>> 0;
}

/**
 * Φ⁻¹((word + ½) / 2^32) by algorithm AS 241, PPND16 (Wichura 1988), relative error below 1e-12.
 * Its third region, p < e^-25, lies beyond the smallest p here, 2^-33.
 */
export function normalQuantile(word: number): number {
  const q = (word - 2147483647.5) / two32;
  const r = 0.180625 - q * q;
  return r >= 0 ? q * central(r) : tail(word | 0);
}

function central(r: number): number {
  const above4 =
    45921.95393154987 + r * (67265.7709270087 + r * (33430.57558358813 + r * 2509.0809287301227));
  const above1 = 133.14166789178438 + r * (1971.5909503065513 + r * (13731.69376550946 + r * above4));
  const below4 =
    21213.794301586597 + r * (39307.89580009271 + r * (28729.085735721943 + r * 5226.495278852854));
  const below1 = 42.31333070160091 + r * (687.1870074920579 + r * (5394.196021424751 + r * below4));
  return (3.3871328727963665 + r * above1) / (1 + r * below1);
}

/** Word w ≥ 2^31 mirrors w̄ = 2^32 − 1 − w; p = (2 w̄ + 1) / 2^33 and r = √(−ln p). */
function tail(word: number): number {
  const high = word >> 31;
  const r = Math.sqrt(33 * Math.LN2 - logarithm(2 * (high ^ word) + 1)) - 1.6;
  const above4 =
    1.2704582524523684 + r * (0.2417807251774506 + r * (0.022723844989269184 + r * 0.0007745450142783414));
  const above1 = 4.630337846156546 + r * (5.769497221460691 + r * (3.6478483247632045 + r * above4));
  const below4 =
    0.14810397642748008 +
    r * (0.015198666563616457 + r * (0.0005475938084995345 + r * 1.0507500716444169e-9));
  const below1 = 2.053191626637759 + r * (1.6763848301838038 + r * (0.6897673349851 + r * below4));
  return ((-1 - 2 * high) * (1.4234371107496835 + r * above1)) / (1 + r * below1);
}

/**
 * ln n for an integer 0 < n < 2^32, within 1e-12. Not Math.log, which hosts may round differently.
 * ln n = (e + ½) ln 2 + 2 (s + s³/3 + s⁵/5 + …), n = m 2^e, s = (m − √2) / (m + √2), m in [1, 2).
 */
function logarithm(n: number): number {
  const e = 31 - Math.clz32(n);
  const m = n * inverseTwoTo[e]!;
  const s = (m - Math.SQRT2) / (m + Math.SQRT2);
  const t = s * s;
  const sum = 1 + t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t / 13)))));
  return (e + 0.5) * Math.LN2 + 2 * s * sum;
}

const inverseTwoTo = Float64Array.from({ length: 32 }, (_, e) => 2 ** -e);
