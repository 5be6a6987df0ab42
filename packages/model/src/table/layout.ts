import type { TableColumns, TimestampColumn, TimestampPart, UsedColumn } from './columns.ts';
import { modelledColumns, TIMESTAMP_PARTS } from './columns.ts';

/** All likelihoods, in the order in which their features lie in a row. */
const FEATURE_KINDS = [
  'gaussian',
  'student-t',
  'poisson',
  'negative-binomial',
  'bernoulli',
  'categorical',
] as const;

/** What a feature's likelihood is called. */
export type FeatureKind = (typeof FEATURE_KINDS)[number];

/** Neighbouring features with one likelihood. A categorical block is one column; others hold one feature of many. */
export interface Block {
  readonly kind: FeatureKind;
  readonly start: number;
  readonly end: number;
  /** For each feature of the block its place in `Layout.columns`. */
  readonly columns: readonly number[];
}

/**
 * Where a table's features lie in a row of x: [features | absent], `absent` being 1 for each column whose cell is missing.
 * Features of one likelihood lie side by side, so that each likelihood is computed once.
 */
export interface Layout {
  readonly columns: readonly UsedColumn[];
  readonly features: readonly FeaturePlace[];
  readonly blocks: readonly Block[];
  /** Length of a row: features and columns. */
  readonly size: number;
}

/** One feature: its column, which of the column's features it is, and its likelihood. */
export interface FeaturePlace {
  readonly column: number;
  readonly part: number;
  readonly kind: FeatureKind;
  /** Made of another feature: it is no part of the density of the row. */
  readonly derived: boolean;
}

/** A sine and a cosine for each circle, and the trend. */
const sizeOfPart = (part: TimestampPart): number => (part === 'trend' ? 1 : 2);

/** Which of a timestamp's features belong to each part that is seen of it: the first of them, and how many. */
export function timestampPlaces({ parts = TIMESTAMP_PARTS }: TimestampColumn) {
  const sizes = parts.map(sizeOfPart);
  return parts.map((part, at) => ({
    part,
    first: sizes.slice(0, at).reduce((sum, each) => sum + each, 0),
    size: sizes[at]!,
  }));
}

type Part = Omit<FeaturePlace, 'column' | 'part'>;
const part = (kind: FeatureKind, derived = false): Part => ({ kind, derived });

function partsOf(column: UsedColumn): readonly Part[] {
  if (column.kind === 'numeric')
    return [part(column.likelihood), ...(column.ranks ? [part('gaussian', true)] : [])];
  if (column.kind === 'count') return [part(column.likelihood)];
  if (column.kind === 'binary') return [part('bernoulli')];
  if (column.kind === 'timestamp')
    return timestampPlaces(column).flatMap(({ size }) =>
      Array.from({ length: size }, () => part('gaussian')),
    );
  return Array.from({ length: column.levels.length + 1 }, () => part('categorical'));
}

function blocksOf(features: readonly FeaturePlace[]): Block[] {
  const blocks: Block[] = [];
  features.forEach(({ kind, column }, at) => {
    const last = blocks.at(-1);
    const joins = last?.kind === kind && (kind !== 'categorical' || last.columns[0] === column);
    if (joins) blocks[blocks.length - 1] = { ...last, end: at + 1, columns: [...last.columns, column] };
    else blocks.push({ kind, start: at, end: at + 1, columns: [column] });
  });
  return blocks;
}

/** The layout of a table's rows. */
export function layoutOf(table: TableColumns): Layout {
  const columns = modelledColumns(table);
  const places = columns.flatMap((each, column) =>
    partsOf(each).map((parts, index): FeaturePlace => ({ column, part: index, ...parts })),
  );
  const features = FEATURE_KINDS.flatMap((kind) => places.filter((place) => place.kind === kind));
  return { columns, features, blocks: blocksOf(features), size: features.length + columns.length };
}
