import {
  add,
  cast,
  concat,
  gather,
  integers,
  less,
  max,
  mul,
  noise,
  slice,
  sub,
  type Value,
} from '@semivae/graph';
import type { Layout } from './layout.ts';
import { featuresIn, presence } from './likelihood.ts';

export interface Blur {
  /** Deviation of the noise on every feature that is there. */
  readonly noise: number;
  /** The share of cells hidden: each row draws a share from 0 to twice this, so that q learns to go by much and by little. */
  readonly hide: number;
}

/** 1 for each column that is hidden from q: [rows, columns]. */
function hidden({ columns }: Layout, rows: number, hide: number, scope: string): Value {
  const share = mul(noise(`${scope}noise(share)`, [rows, 1], 'uniform'), Math.min(1, 2 * hide));
  return cast(less(noise(`${scope}noise(hidden)`, [rows, columns.length], 'uniform'), share), 'float32');
}

/** Rows of a table as q is shown them in training: noise on their features, some cells hidden as if they were missing. */
export function blurred(layout: Layout, x: Value, { noise: deviation, hide }: Blur, scope: string): Value {
  const rows = x.shape[0] as number;
  const shape = [rows, layout.features.length];
  const features = featuresIn(layout, x);
  const absent = slice(x, -1, layout.features.length, layout.size);
  const noisy =
    deviation === 0
      ? features
      : add(features, mul(mul(noise(`${scope}noise(x)`, shape), deviation), presence(layout, x)));
  if (hide === 0) return concat([noisy, absent], -1);
  const gone = hidden(layout, rows, hide, scope);
  const seen = sub(1, gather(gone, integers(layout.features.map(({ column }) => column)), -1));
  return concat([mul(noisy, seen), max(absent, gone)], -1);
}
