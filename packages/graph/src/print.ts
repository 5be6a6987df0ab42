import type { Graph } from './graph.ts';
import { showShape } from './shape.ts';
import { type Attribute, type Attributes, type Leaf, reached, type Value } from './value.ts';

/** How many elements are shown one by one. */
const LONGEST = 8;

const short = (number: number): string => String(Number(number.toPrecision(6)));

const showElement = (each: number | bigint | string): string => {
  if (typeof each === 'number') return short(each);
  return typeof each === 'string' ? JSON.stringify(each) : String(each);
};

function showConstant(value: Value, data: ArrayLike<number | bigint | string>): string {
  if (data.length > LONGEST) return `constant${showShape(value.shape)}`;
  const elements = Array.from(data, showElement);
  return value.shape.length === 0 ? elements[0]! : `[${elements.join(', ')}]`;
}

function showSetting(setting: Attribute): string {
  if (typeof setting !== 'object') return String(setting);
  return setting.length > LONGEST ? `${setting.length} of them` : `[${setting.map(showElement).join(', ')}]`;
}

const showAttributes = (attributes: Attributes): string[] =>
  Object.entries(attributes)
    .filter(([, setting]) => setting !== 0)
    .map(([name, setting]) => `${name}=${showSetting(setting)}`);

const showLeaf = (value: Value, leaf: Leaf): string =>
  leaf.kind === 'constant' ? showConstant(value, leaf.data as ArrayLike<number>) : leaf.name;

/** The graph as text, one line per node, for people and for review. */
export function print({ name, outputs, inputs, parameters, noises }: Graph): string {
  const names = new Map<Value, string>();
  const nodes = reached(Object.values(outputs)).filter((value) => !value.leaf);
  nodes.forEach((value, i) => names.set(value, `%${i + 1}`));
  const show = (value: Value): string => (value.leaf ? showLeaf(value, value.leaf) : names.get(value)!);
  const declare = (kind: string, leaves: Graph['inputs' | 'parameters' | 'noises']) =>
    leaves.map((each) => `  ${kind} ${each.leaf.name} ${each.type}${showShape(each.shape)}`);
  const lines = nodes.map((value) => {
    const operands = [...value.inputs.map(show), ...showAttributes(value.attributes)];
    return `  ${names.get(value)} = ${value.op.name}(${operands.join(', ')}) ${value.type}${showShape(value.shape)}`;
  });
  const results = Object.entries(outputs).map(([output, value]) => `  ${output} <- ${show(value)}`);
  return [
    `graph ${name}`,
    ...declare('input', inputs),
    ...declare('noise', noises),
    ...declare('parameter', parameters),
    ...lines,
    ...results,
    '',
  ].join('\n');
}
