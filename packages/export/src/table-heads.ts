import {
  add,
  equal,
  type Graph,
  graph,
  identityMatrix,
  input,
  integers,
  isNaN as isMissing,
  labelEncoder,
  mul,
  neg,
  reshape,
  softmax,
  sub,
  sum,
  unsqueeze,
  type Value,
  where,
} from '@semivae/graph';
import {
  type Bound,
  type Categorical,
  complete,
  decodeTable,
  drawSize,
  encodeTable,
  type Gaussian,
  type Known,
  known,
  layoutOf,
  type Model,
  query,
  type RawTable,
  rawTable,
  summedOver,
  type TableColumns,
  type TableDistribution,
  type Values,
} from '@semivae/model';
import {
  type Anomalies,
  besideAnomalies,
  boundStrangeness,
  type Coded,
  coordinates,
  neighbourStrangeness,
  type Reference,
  type Strangeness,
} from './detector.ts';
import type { HeadGraphs } from './heads.ts';
import { besideSurprise, type SurpriseUnit } from './surprise.ts';

/** Rows beside every class, [rows, 1, …] and [1, classes, classes]; a model without classes has one row as it is. */
function besideClasses({ x, y }: Model, rows: Value): Values {
  if (!y) return { [x.name]: rows };
  return { [x.name]: unsqueeze(rows, 1), [y.name]: unsqueeze(identityMatrix(y.size), 0) };
}

/** Σ_y q(y|x) of something [rows, classes, size]. */
function expected(model: Model, rows: Value, each: Value): Value {
  if (!model.y) return each;
  const { logits } = query(model.q, model.y, { [model.x.name]: rows }) as Categorical;
  return sum(mul(each, unsqueeze(softmax(logits), -1)), [1]);
}

/** The latent mean of encoded rows, and their standardised residuals there; both expected over classes. */
export function codedAt(model: Model, rows: Value): Coded & { readonly cells: Value } {
  const given = besideClasses(model, rows);
  const { mean } = query(model.q, model.z, given) as Gaussian;
  const decoded = query(model.p, model.x, { ...given, [model.z.name]: mean }) as TableDistribution;
  const at = given[model.x.name]!;
  return {
    mean: expected(model, rows, mean),
    residual: expected(model, rows, decoded.residual(at)),
    cells: expected(model, rows, decoded.cells(at)),
  };
}

/** Where encoded rows stand among others: what reference rows are kept as. */
export function coordinatesGraph(model: Model, columns: TableColumns): Graph {
  const layout = layoutOf(columns);
  const x = input('x', ['batch', layout.size]);
  return graph('coordinates', { coordinates: coordinates(layout, x, codedAt(model, x)) });
}

/** The negative bound of encoded rows, its noise one draw shared by all. */
const negativeBound = (model: Model, rows: Value, bound: Bound): Value =>
  neg((model.y ? summedOver(model.y, bound) : bound)(model, known({ [model.x.name]: rows }, [1])));

/** Leaves that hold rows to compare with, and what a nat of surprise is worth beside a distance to them. */
export interface KeptLeaves {
  readonly surpriseUnit?: SurpriseUnit;
  readonly reference?: Reference;
  readonly anomalies?: Anomalies;
}

/** How strange rows are, raw and encoded: a distance where there are reference rows, else the negative bound; and surprises. */
export function strangenessOf(
  model: Model,
  columns: TableColumns,
  raw: RawTable,
  rows: Value,
  bound: Bound,
  { reference, anomalies, surpriseUnit }: KeptLeaves = {},
): Strangeness & { readonly nll: Value; readonly mean: Value } {
  const layout = layoutOf(columns);
  const coded = codedAt(model, rows);
  const nll = negativeBound(model, rows, bound);
  const rest = { nll, mean: coded.mean };
  const surprised = (strange: Strangeness) => besideSurprise(strange, columns, raw, rows, surpriseUnit);
  if (!reference) return { ...surprised(boundStrangeness(layout, nll, coded.cells)), ...rest };
  const place = coordinates(layout, rows, coded);
  const strange = surprised(neighbourStrangeness(layout, place, reference, model.z.size));
  return { ...(anomalies ? besideAnomalies(layout, strange, place, anomalies) : strange), ...rest };
}

const IMPUTED_SAMPLES = 64;

/** Everything with an axis for draws before the features. */
const drawnBeside = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, unsqueeze(value, -2)]));

/**
 * The features' means given what is there of a row: Σ wᵢ E[x|zᵢ], wᵢ ∝ p(x there, zᵢ) / q(zᵢ|x there), over draws and
 * classes (Mattei and Frellsen 2019, eq. 12).
 */
function imputedFeatures(model: Model, rows: Value): Value {
  const values = drawnBeside(besideClasses(model, rows));
  const shape = model.y ? [1, 1, IMPUTED_SAMPLES] : [1, IMPUTED_SAMPLES];
  const seen: Known = known(values, shape, 'imputer/');
  const hidden = model.q.filter((each) => !(each.variable.name in values));
  const { values: all, drawn } = complete(hidden, seen);
  const z = all[model.z.name]!;
  const decoded = query(model.p, model.x, all) as TableDistribution;
  const weight = sub(
    add(decoded.logDensity(all[model.x.name]!), query(model.p, model.z, all).logDensity(z)),
    drawn[model.z.name]!.logDensity(z),
  );
  const draws = IMPUTED_SAMPLES * (model.y?.size ?? 1);
  const weights = softmax(reshape(weight, ['batch', draws]));
  const means = reshape(decoded.mean, ['batch', draws, decoded.mean.shape.at(-1)!]);
  return sum(mul(means, unsqueeze(weights, -1)), [1]);
}

const named = ({ numbers, texts }: RawTable): Values => ({
  ...(numbers && { 'cells/numbers': numbers }),
  ...(texts && { 'cells/texts': texts }),
});

/** Raw cells, those that are missing replaced. */
function filled(raw: RawTable, by: RawTable): RawTable {
  return {
    ...(raw.numbers && { numbers: where(isMissing(raw.numbers), by.numbers!, raw.numbers) }),
    ...(raw.texts && {
      texts: where(equal(labelEncoder(raw.texts, ['']), integers([0])), by.texts!, raw.texts),
    }),
  };
}

/** Classes of a row, where the model has some. */
function classesOf({ x, y, q }: Model, rows: Value): Values {
  if (!y) return {};
  const { probabilities, logits } = query(q, y, { [x.name]: rows }).answers;
  return { probabilities: probabilities!, logits: logits! };
}

/**
 * The queries of a model of tables, from raw cells to answers, their batch left free: q(y|x), q(z|x,y), p(x|y,z) as raw
 * cells and as cells drawn from it, the holes of a row filled, and how strange a row is. Kept rows make strangeness a distance; without them it is
 * the negative bound.
 */
export function tableHeads(
  model: Model,
  columns: TableColumns,
  bound: Bound,
  kept: KeptLeaves = {},
): HeadGraphs {
  const { x, y, z } = model;
  const raw = rawTable(columns, 'batch');
  const rows = encodeTable(columns, raw);
  const label: Values = y ? { [y.name]: input(y.name, ['batch', y.size]) } : {};
  const { mean, logVariance } = query(model.q, z, { [x.name]: rows, ...label }).answers;
  const latent = { [z.name]: input(z.name, ['batch', z.size]) };
  const decoded = query(model.p, x, { ...label, ...latent }) as TableDistribution;
  const draws = input('uniforms', ['batch', drawSize(layoutOf(columns))]);
  const { probabilities } = classesOf(model, rows);
  return {
    ...(y && { classifier: graph('classifier', classesOf(model, rows)) }),
    encoder: graph('encoder', { mean: mean!, logVariance: logVariance! }),
    decoder: graph('decoder', named(decodeTable(columns, decoded.mean))),
    sampler: graph('sampler', named(decodeTable(columns, decoded.draw(draws), { drawn: true }))),
    imputer: graph('imputer', named(filled(raw, decodeTable(columns, imputedFeatures(model, rows))))),
    scorer: graph('scorer', {
      ...strangenessOf(model, columns, raw, rows, bound, kept),
      ...(probabilities && { probabilities }),
    }),
  };
}
