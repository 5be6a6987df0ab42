import type { Field } from './fields.ts';
import { type HeadName, headNames, type InputColumn, type Manifest, type TensorSpec } from './manifest.ts';

/** The raw columns that a head takes, in their order. */
export function usedColumns(columns: readonly InputColumn[]): readonly InputColumn[] {
  return columns.filter((column) => column.kind !== 'ignored');
}

/** The columns whose cells are in one raw tensor, in the tensor's order. */
export function columnsIn(
  columns: readonly InputColumn[],
  tensor: 'numbers' | 'texts',
): readonly InputColumn[] {
  return columns.filter((column) => column.tensor === tensor);
}

type Contract = Readonly<Record<string, readonly [type: TensorSpec['type'], size?: number]>>;

/** The manifest itself, once every head it names takes and gives what the format asks of it. */
export function agreeing(root: Field, manifest: Manifest): Manifest {
  const asked = contract(manifest);
  if (manifest.heads.classifier && manifest.labels.length === 0) {
    root.of('labels').fail('the names of the classifier’s classes');
  }
  for (const name of headNames) {
    const head = manifest.heads[name];
    if (!head) continue;
    const field = root.of('heads').of(name);
    const { inputs, outputs } = asked[name];
    keeps(field.of('inputs'), head.inputs, needed(inputs, head.inputs));
    keeps(field.of('outputs'), head.outputs, outputs);
    const extra = head.inputs.find((input) => !Object.hasOwn(inputs, input.name));
    if (extra) field.of('inputs').fail(`no input '${extra.name}'`);
  }
  return manifest;
}

/** What a head must take: a raw tensor may be left out where the head sees none of its columns, which are constants. */
function needed(inputs: Contract, given: readonly TensorSpec[]): Contract {
  const raw = (name: string) => name === 'numbers' || name === 'texts';
  const taken = (name: string) => given.some((each) => each.name === name);
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !raw(name) || taken(name)));
}

/** What each head takes and gives, by tensor name: its type and its features' size. */
function contract(manifest: Manifest): Record<HeadName, { inputs: Contract; outputs: Contract }> {
  const classes = manifest.labels.length;
  const latent = manifest.latent.size;
  const x = rawInputs(manifest.input);
  const y: Contract = classes > 0 ? { y: ['float32', classes] } : {};
  const cells = decoded(manifest.input);
  return {
    classifier: { inputs: x, outputs: { probabilities: ['float32', classes] } },
    encoder: {
      inputs: { ...x, ...y },
      outputs: { mean: ['float32', latent], logVariance: ['float32', latent] },
    },
    decoder: { inputs: { ...y, z: ['float32', latent] }, outputs: cells },
    scorer: { inputs: x, outputs: scores(manifest) },
    imputer: { inputs: x, outputs: cells },
    sampler: {
      inputs: { ...y, z: ['float32', latent], uniforms: ['float32', drawWidth(manifest)] },
      outputs: cells,
    },
  };
}

/** How many uniform values a row is drawn of: the sampler's own affair, which its own input tells. */
export function drawWidth({ heads }: Manifest): number {
  const [, width] = heads.sampler?.inputs.find(({ name }) => name === 'uniforms')?.shape ?? [];
  return typeof width === 'number' ? width : 1;
}

function rawInputs(input: Manifest['input']): Contract {
  if (input.kind === 'table') return tensorsOf(input.columns, '');
  return { x: ['uint8', input.width * input.height * input.channels] };
}

function decoded(input: Manifest['input']): Contract {
  if (input.kind === 'table') return tensorsOf(input.columns, 'cells/');
  return { mean: ['float32', input.width * input.height * input.channels] };
}

function tensorsOf(columns: readonly InputColumn[], prefix: string): Contract {
  const numbers = columnsIn(columns, 'numbers').length;
  const texts = columnsIn(columns, 'texts').length;
  return {
    ...(numbers > 0 && { [`${prefix}numbers`]: ['float64', numbers] as const }),
    ...(texts > 0 && { [`${prefix}texts`]: ['string', texts] as const }),
  };
}

function scores({ input, labels, latent, score }: Manifest): Contract {
  if (input.kind === 'image' && score.kind === 'bound') return { score: ['float32'] };
  return {
    score: ['float32'],
    nll: ['float32'],
    contributions: ['float32', partsOf(input)],
    mean: ['float32', latent.size],
    ...(labels.length > 0 && { probabilities: ['float32', labels.length] as const }),
  };
}

/** What a score is the sum of: pixels, or columns. */
const partsOf = (input: Manifest['input']): number =>
  input.kind === 'image' ? input.width * input.height * input.channels : usedColumns(input.columns).length;

function keeps(field: Field, tensors: readonly TensorSpec[], asked: Contract): void {
  for (const [name, [type, ...sizes]] of Object.entries(asked)) {
    const found = tensors.find((tensor) => tensor.name === name);
    const shape = ['batch', ...sizes];
    if (found?.type !== type || found.shape.join() !== shape.join()) {
      field.fail(`'${name}', ${type} [${shape.join(', ')}]`);
    }
  }
}
