import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { RecipeError } from './errors.ts';

const count = z.int().positive();
const share = z.number().min(0).max(1);
const weight = z.number().nonnegative();

const augmentationSchema = z
  .strictObject({
    shift: weight.default(0).describe('Pixels, along each axis.'),
    rotation: z.number().min(0).max(90).default(0).describe('Degrees, to either side.'),
    scale: z.number().min(0).max(0.9).default(0).describe('The share by which sides grow or shrink.'),
    shear: weight.default(0).describe('The share of its height by which an image leans to either side.'),
    elastic: weight
      .default(0)
      .describe('The deviation, in pixels, of moves that differ from place to place.'),
    mirror: z.boolean().default(false).describe('Mirror every other image, on average, left to right.'),
    erase: share
      .default(0)
      .describe("The longest side of a box that is painted over with some grey, as a share of the image's."),
  })
  .describe('How far images are moved at random, anew at each step, before the classifier learns from them.');

const boundSchema = z
  .strictObject({
    kind: z.enum(['elbo', 'iwae']).default('elbo').describe('The bound on log p(x).'),
    samples: count
      .default(1)
      .describe('Draws of the latent for each row: averaged (elbo) or importance-weighted (iwae).'),
  })
  .describe('A lower bound on the log-likelihood, in nats.');

const dateFormat = z.enum(['dmy', 'mdy', 'excel', 'seconds', 'milliseconds', 'microseconds', 'yyyymmdd']);

export const transforms = ['none', 'log'] as const;
export const numericLikelihoods = ['gaussian', 'student-t'] as const;
export const countLikelihoods = ['poisson', 'negative-binomial'] as const;

/** What may be said of a column hangs on its kind: what means nothing for it is refused. */
const columnSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('numeric'),
    transform: z.enum(transforms).optional().describe('Whether the logarithm of the numbers is taken.'),
    likelihood: z.enum(numericLikelihoods).optional(),
  }),
  z.strictObject({
    kind: z.literal('count'),
    likelihood: z.enum(countLikelihoods).optional(),
  }),
  z.strictObject({ kind: z.literal('binary') }),
  z.strictObject({ kind: z.literal('categorical') }),
  z.strictObject({
    kind: z.literal('timestamp'),
    trend: z
      .boolean()
      .optional()
      .describe(
        'Whether how late it is counts, besides time of day, weekday and season; absent: no, unless it spans decades.',
      ),
    date: dateFormat.optional().describe('How it is written; absent: as dateFormat says.'),
  }),
  z.strictObject({ kind: z.literal('ignored') }),
]);

const dataSchema = z.strictObject({
  name: z
    .string()
    .default('digits')
    .describe('digits, mnist, fashion-mnist, or a folder with four idx files.'),
  labels: z
    .int()
    .nonnegative()
    .default(100)
    .describe('How many training rows keep their label, evenly over the classes.'),
  validation: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Training rows held out, on which bound and error are also reported; below 1 it is a share.'),
  sql: z.string().optional().describe('A query over the files of a table, in place of all their rows.'),
  header: z.boolean().optional().describe('Whether a CSV file names its columns; absent: it is guessed.'),
  missing: z.array(z.string()).optional().describe('Cells of a CSV file that mean a missing value.'),
  delimiter: z
    .string()
    .length(1)
    .optional()
    .describe('What stands between the cells of a CSV file; absent: it is guessed.'),
  quote: z
    .string()
    .max(1)
    .optional()
    .describe(
      'What stands around cells of a CSV file that hold a delimiter; empty: nothing does; absent: ".',
    ),
  encoding: z
    .string()
    .optional()
    .describe('The encoding of CSV and JSON files, such as windows-1252 or utf-16le; absent: it is guessed.'),
  decimal: z
    .enum(['.', ','])
    .optional()
    .describe('The decimal sign of numbers in texts; absent: each column shows it.'),
  dateFormat: dateFormat
    .optional()
    .describe(
      'The order of dates that do not begin with the year (dmy, mdy), or what numbers of dates count; absent: each column shows it.',
    ),
  labelColumn: z.string().optional().describe("The column of a table that holds the rows' labels."),
  unlabelled: z
    .string()
    .optional()
    .describe(
      "The label that means none, as an empty cell does; 'none': every label is a class. Absent: it is guessed, and told.",
    ),
  anomalyLabel: z
    .string()
    .optional()
    .describe('The label of known anomalies: they are kept out of what is learned as ordinary.'),
  calibration: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Rows of a table that training never sees, for p-values; below 1 it is a share.'),
  calibrateOn: z
    .enum(['random', 'latest'])
    .default('random')
    .describe('Which rows of a table these are: random ones, or the latest.'),
  timeColumn: z
    .string()
    .optional()
    .describe(
      'The column that tells which rows are the latest; absent: the first of moments, or where there is none, the order of the rows.',
    ),
  group: z
    .string()
    .optional()
    .describe(
      'A column whose rows of one value are held out together: no value is in two of training, validation and calibration.',
    ),
  citation: z.string().optional().describe('Where a table comes from, for the model card.'),
  licence: z.string().optional().describe('The licence of a table, for the model card.'),
  columns: z
    .record(z.string(), columnSchema)
    .default({})
    .describe("What to take a table's columns for, by name, where the guess is not wanted."),
  binarize: z
    .boolean()
    .default(false)
    .describe('Throw a coin for each pixel at each step, instead of feeding grey values.'),
});

const activation = z.enum(['relu', 'leaky-relu', 'softplus', 'tanh', 'silu']);

const classifierSchema = z.strictObject({
  channels: z
    .array(count)
    .optional()
    .describe('Channels of stages of convolutions before the hidden layers, each of which halves the sides.'),
  kernels: z
    .array(count.refine((side) => side % 2 === 1, 'a kernel needs a middle: its sides are odd'))
    .optional()
    .describe('Sides of the kernels of each stage, odd; absent: 3.'),
  hidden: z.array(count).min(1).default([600, 600]).describe('Sizes of its hidden layers.'),
  activation: activation.default('leaky-relu'),
  normalised: z
    .boolean()
    .default(true)
    .describe('Normalise each hidden layer and each channel over all rows of a step.'),
  dropout: share.default(0).describe('The share of hidden features left out at random in training.'),
});

const modelSchema = z.strictObject({
  kind: z
    .enum(['m1', 'm2', 'm1+m2', 'sdgm', 'adgm', 'cvae', 'vade'])
    .default('m2')
    .describe(
      'm1: a VAE. m2, m1+m2: semi-supervised VAEs (Kingma et al. 2014); sdgm, adgm: with an auxiliary variable (Maaløe et al. 2016). cvae: of images given their class (Sohn et al. 2015). vade: a mixture, for clusters (Jiang et al. 2017).',
    ),
  latent: count
    .optional()
    .describe("Features of the latent z; absent: 50 for images, half of a table's features (2 to 32)."),
  hidden: z.array(count).min(1).default([500]).describe('Sizes of the hidden layers of every network.'),
  activation: activation.default('relu'),
  classifier: z
    .union([z.array(count), classifierSchema])
    .optional()
    .describe(
      'q(y|x), where it is not as the other networks: sizes of its hidden layers, [] being a logistic regression; or a network of its own.',
    ),
  auxiliary: count.optional().describe('Features of the auxiliary variable a of sdgm and adgm; absent: 100.'),
  below: count.optional().describe('Features of z1, the latent of the M1 in m1+m2; absent: 50.'),
  stages: z
    .enum(['together', 'trained', 'joint'])
    .optional()
    .describe(
      'How m1+m2 is trained. together: M1 by its own bound, M2 on draws of its latent. trained: M2 alone, on an M1 that is given. joint: all by one bound. Absent: together.',
    ),
  channels: z
    .array(count)
    .optional()
    .describe(
      'Channels of the stages of convolutions, each of which halves the sides of an image; absent: none.',
    ),
  blocks: z.int().nonnegative().optional().describe('Residual blocks in each stage; absent: none.'),
});

const objectiveSchema = z.strictObject({
  kind: z
    .enum(['semi-supervised', 'supervised'])
    .default('semi-supervised')
    .describe('supervised: the classifier alone, on the labels alone, as a baseline.'),
  bound: boundSchema.prefault({}),
  alpha: weight.default(20).describe("Weight of the classifier's own loss, per labelled row."),
  classWeights: z
    .enum(['none', 'balanced'])
    .default('none')
    .describe(
      'What a labelled row counts in the loss of the classifier. none: all alike. balanced: by the inverse of how often its class is labelled, so that each class counts alike.',
    ),
  labelledWeight: weight
    .optional()
    .describe(
      "Weight of the labelled rows' bound; absent: their share of all rows, so that each row counts once.",
    ),
  beta: weight
    .default(1)
    .describe(
      "Weight of the latent's divergence; 1 is the bound, more asks for latents that tell features apart.",
    ),
  klWarmup: z
    .int()
    .nonnegative()
    .default(0)
    .describe("Steps over which the latent's divergence rises to its full weight."),
  freeBits: weight
    .default(0)
    .describe(
      'Nats of divergence that each feature of the latent has for free, in the mean over a batch, where it has a closed form; 0 is the bound.',
    ),
  boundWeight: weight.default(1).describe('Weight of the bounds; at 0 the classifier is trained alone.'),
  labelSmoothing: share.default(0).describe('The share of a label that is spread evenly over all classes.'),
  adversarial: z
    .strictObject({
      weight: weight.default(0),
      radius: z.number().positive().default(2).describe('How far a row is moved, in the Euclidean norm.'),
      probe: z
        .number()
        .positive()
        .default(10)
        .describe('How far it is moved at random first, to find out where to.'),
    })
    .prefault({})
    .describe('Virtual adversarial training: q(y|x) must not change along the most harmful move.'),
  start: z
    .strictObject({
      weight: weight.default(0),
      neighbours: count.default(15).describe('How many nearest rows a row is joined with.'),
      until: share.default(0.15).describe('The share of the training over which the weight falls to 0.'),
    })
    .prefault({})
    .describe(
      "Classes of unlabelled rows guessed from their neighbours' labels, as labels at the start; without labels they are clusters. Neighbours are near in the latent of the run that the training begins with, or in x where there is none. Runs of --taught-by tell classes in place of neighbours.",
    ),
  entropy: weight.default(0).describe('Weight of the entropy of q(y|x) on unlabelled rows.'),
  balance: weight
    .default(0)
    .describe('Weight of how far the classes given to a batch of unlabelled rows are from even.'),
  pseudoLabels: z
    .strictObject({
      weight: weight.default(0),
      threshold: share.default(0.95).describe('Classes more probable than this are taken for labels.'),
    })
    .prefault({})
    .describe(
      "The classifier's own sure answers as labels: of rows as they are for moved ones, where images are moved.",
    ),
  consistency: z
    .strictObject({
      weight: weight.default(0),
      temperature: z
        .number()
        .positive()
        .default(1)
        .describe('Below 1, what is said of rows as they are is sharpened before it is a goal.'),
      teacher: z
        .enum(['itself', 'average'])
        .default('itself')
        .describe(
          'Who says it: the classifier itself, or the running mean of its weights (optimizer.average), which errs less (Tarvainen and Valpola 2017).',
        ),
    })
    .prefault({})
    .describe('q(y|x) must say of moved unlabelled images what it says of them as they are.'),
  inputNoise: weight.default(0).describe('Deviation of the noise on what q is shown of a row.'),
  hide: share
    .default(0)
    .describe("The share of a table's cells that q is not shown at a step, drawn anew for each row."),
});

const optimizerSchema = z.strictObject({
  learningRate: z.number().positive().default(3e-3),
  beta1: share.default(0.9),
  beta1End: share
    .optional()
    .describe('Where beta1 goes, on a straight line, over the share in which the rate falls.'),
  beta2: share.default(0.999),
  weightDecay: weight.default(0).describe('Decoupled decay of the weight matrices.'),
  clipNorm: z.number().positive().optional().describe('Gradients are scaled down to this norm.'),
  warmup: z.int().nonnegative().default(0).describe('Steps over which the rate rises from 0.'),
  schedule: z
    .enum(['cosine', 'linear', 'constant'])
    .default('cosine')
    .describe('How the rate falls at the end: along a cosine, on a straight line, or not at all.'),
  decay: share.default(0.5).describe('Last share of the training over which the rate falls.'),
  floor: share.default(0.01).describe('The share of the rate that is left at the end.'),
  average: share.optional().describe('Ship a running mean of the weights, with this decay.'),
});

const batchSchema = z.strictObject({
  labelled: count.default(20).describe('Labelled rows in each step.'),
  unlabelled: count.default(50).describe('Unlabelled rows in each step; an epoch sees each once.'),
  bound: count
    .optional()
    .describe('Unlabelled rows in each step whose bound is in the loss; absent: all of them.'),
});

const scoreSchema = boundSchema
  .extend({
    neighbours: z
      .int()
      .nonnegative()
      .default(0)
      .describe(
        'Training rows kept in the file: the score is then the distance to the nearest. 0: it is the bound.',
      ),
  })
  .describe('What is shipped as the anomaly score.');

/** Everything that decides a training, but for the seed and the machine. */
export const recipeSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).default('digits-m2'),
  data: dataSchema.prefault({}),
  model: modelSchema.prefault({}),
  augmentation: augmentationSchema.prefault({}),
  objective: objectiveSchema.prefault({}),
  batch: batchSchema.prefault({}),
  optimizer: optimizerSchema.prefault({}),
  epochs: count.default(20),
  stepsPerEpoch: count
    .optional()
    .describe('Steps that are called an epoch; absent: as many as see each unlabelled row once.'),
  keep: z
    .enum(['last', 'best'])
    .default('last')
    .describe('What ships: the last state, or the one whose figure on the validation rows is best.'),
  patience: count
    .optional()
    .describe(
      'Epochs without a better figure on the validation rows after which training stops; absent: never.',
    ),
  monitor: z
    .enum(['bound', 'error'])
    .default('bound')
    .describe(
      'The figure on the validation rows that tells the best epoch: their bound, or the error of the classes, which learns from their labels too.',
    ),
  score: scoreSchema.prefault({ kind: 'elbo', samples: 4 }),
});

export type Recipe = z.infer<typeof recipeSchema>;
/** A recipe as a person writes it: what is left out takes its default. */
export type RecipeInput = z.input<typeof recipeSchema>;

/** The JSON Schema of a recipe file, for editors. */
export const recipeJsonSchema = (): unknown => z.toJSONSchema(recipeSchema, { io: 'input' });

type Issue = z.core.$ZodIssue;

/** What a node of the schema stands for where a recipe holds `value`: of a union, the member of its kind. */
function unwrapped(node: unknown, value: unknown): { readonly shape?: Readonly<Record<string, unknown>> } {
  const { def } = (node ?? {}) as { def?: { innerType?: unknown; options?: readonly unknown[] } };
  if (def?.innerType) return unwrapped(def.innerType, value);
  const isOfKind = (option: unknown) => {
    const kind = unwrapped(option, value).shape?.kind as
      | { def?: { values?: readonly unknown[] } }
      | undefined;
    return kind?.def?.values?.includes((value as { kind?: unknown } | undefined)?.kind);
  };
  return (def?.options ? def.options.find(isOfKind) : node) ?? {};
}

/** The names of the fields that a schema has at a path of what was given. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[], raw: unknown): string[] {
  let [node, value]: [unknown, unknown] = [schema, raw];
  for (const key of path) {
    const here = unwrapped(node, value);
    value = (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
    node = here.shape?.[key as string] ?? (here as { def?: { valueType?: unknown } }).def?.valueType;
  }
  return Object.keys(unwrapped(node, value).shape ?? {});
}

function recipeError(
  issue: Issue,
  place: string,
  raw: unknown,
  schema: z.ZodType = recipeSchema,
): RecipeError {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0]!;
    const fields = fieldsAt(schema, issue.path, raw);
    const near = fields.length
      ? `Did you mean '${closest(unknown, fields)}'? Known here: ${fields.join(', ')}.`
      : 'Leave it out.';
    return new RecipeError(
      'RECIPE_UNKNOWN_FIELD',
      `${place}, ${[...issue.path, unknown].join('.')}`,
      'there is no such field',
      near,
    );
  }
  const remedy = `See the schema: semivae inspect --schema.`;
  return new RecipeError('RECIPE_FIELD', path ? `${place}, ${path}` : place, issue.message, remedy);
}

/** A recipe with every default filled in. Throws `RECIPE_UNKNOWN_FIELD` or `RECIPE_FIELD`, naming the field. */
export function parseRecipe(raw: unknown, place = 'recipe'): Recipe {
  const result = recipeSchema.safeParse(raw);
  if (result.success) return withEveryColumn(result.data, raw, place);
  throw recipeError(result.error.issues[0]!, place, raw);
}

/** zod leaves the key `__proto__` out of a record, and a column may have that name. */
function withEveryColumn(recipe: Recipe, raw: unknown, place: string): Recipe {
  const { columns = {} } = (raw as { data?: { columns?: object } } | undefined)?.data ?? {};
  if (!Object.hasOwn(columns, '__proto__')) return recipe;
  const said: unknown = Object.getOwnPropertyDescriptor(columns, '__proto__')?.value;
  const result = columnSchema.safeParse(said);
  if (!result.success)
    throw recipeError(result.error.issues[0]!, `${place}, data.columns.__proto__`, said, columnSchema);
  const all = [...Object.entries(recipe.data.columns), ['__proto__', result.data] as const];
  return { ...recipe, data: { ...recipe.data, columns: Object.fromEntries(all) } };
}

/** What is said of a column, as far as it means something for its kind. */
function meant(said: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { shape = {} } = unwrapped(columnSchema, said);
  const fits = (field: string) =>
    Object.hasOwn(shape, field) && (shape[field] as z.ZodType).safeParse(said[field]).success;
  return Object.fromEntries(Object.entries(said).filter(([field]) => field === 'kind' || fits(field)));
}

/**
 * The recipe of a run or a bundle, with every default filled in. Older versions kept column options that mean nothing for their
 * kind, and dropped them in training: they are left out. Throws as `parseRecipe`.
 */
export function storedRecipe(raw: unknown, place: string): Recipe {
  const { data, ...rest } = raw as { data?: { columns?: Readonly<Record<string, Record<string, unknown>>> } };
  if (!data?.columns) return parseRecipe(raw, place);
  const columns = Object.entries(data.columns).map(([name, said]) => [name, meant(said)]);
  return parseRecipe({ ...rest, data: { ...data, columns: Object.fromEntries(columns) } }, place);
}

/** One field of a recipe, as a person sets it: its path with dots, its JSON type, its default, what it is for. */
export interface RecipeField {
  readonly path: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

interface JsonSchema extends Omit<RecipeField, 'path'> {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

/** A field of several shapes is listed as each of them. */
const leaves = ({ properties = {} }: JsonSchema, before = ''): RecipeField[] =>
  Object.entries(properties).flatMap(([key, each]) => {
    const path = `${before}${key}`;
    return (each.anyOf ?? [each]).flatMap((shape) =>
      shape.properties
        ? leaves(shape, `${path}.`)
        : [
            {
              path,
              type: shape.type,
              default: each.default,
              ...(each.description !== undefined && { description: each.description }),
            },
          ],
    );
  });

/** The fields of a recipe, in the order of its schema. */
export const recipeFields: readonly RecipeField[] = leaves(recipeJsonSchema() as JsonSchema).filter(
  ({ path }) => path !== '$schema',
);

/** The path nearest to a mistyped one; a name without dots is compared with the last names of all paths. */
function nearestPath(path: string): string {
  const paths = recipeFields.map((each) => each.path);
  if (path.includes('.')) return closest(path, paths);
  const lastName = (each: string) => each.slice(each.lastIndexOf('.') + 1);
  const far = (each: string) => distance(lastName(each).toLowerCase(), path.toLowerCase());
  return paths.reduce((best, each) => (far(each) < far(best) ? each : best));
}

function fieldOf(path: string, place: string): RecipeField {
  const found = recipeFields.find((each) => each.path === path);
  if (found) return found;
  const remedy = `Did you mean '${nearestPath(path)}'? All fields: semivae inspect --schema.`;
  throw new RecipeError('RECIPE_UNKNOWN_FIELD', `${place}, ${path}`, 'there is no such field', remedy);
}

/** What a text means for a field of this type; what it cannot mean is left as it is, for the schema to refuse. */
function typed(text: string, type: string): unknown {
  if (type === 'string') return text;
  if (type === 'array')
    return text
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map((each) => typed(each, 'number'));
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

function replaced(within: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const before = (within ?? {}) as Readonly<Record<string, unknown>>;
  return { ...before, [key]: replaced(before[key], rest, value) };
}

/** A recipe with one field set from text. Throws `RECIPE_UNKNOWN_FIELD`, with the nearest field, or `RECIPE_FIELD`. */
export function withField(recipe: Recipe, path: string, text: string, place = 'recipe'): Recipe {
  const value = typed(text, fieldOf(path, place).type);
  return parseRecipe(replaced(recipe, path.split('.'), value), place);
}
