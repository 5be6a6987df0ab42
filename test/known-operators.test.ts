import { type Attribute, encode, graph, reached, type TypedData, type Value } from '@semivae/graph';
import { checkGraph } from '@semivae/runtime/core';
import { describe, expect, test } from 'vitest';
import { type Known, operators } from '../packages/runtime/src/graph/operators.ts';
import { examples, flat, placed } from './examples.ts';
import { filesOf, shipped } from './shipped.ts';

const values = [...examples, ...flat].flatMap((each) => reached([placed(each).value]));
const computed = values.filter(({ leaf }) => !leaf);

const integersOf = (setting: Attribute): number[] | undefined => {
  const all = [setting].flat();
  return all.every((each) => typeof each === 'number') ? (all as number[]) : undefined;
};

const bytesOf = (data: TypedData): Uint8Array =>
  Array.isArray(data) ? new Uint8Array() : new Uint8Array((data as Uint8Array).slice().buffer);

const knownOf = ({ leaf, shape, type }: Value): Known => {
  const known = { type, shape: shape as number[] };
  return leaf?.kind === 'constant'
    ? { ...known, weight: { ...known, name: '', data: bytesOf(leaf.data) } }
    : known;
};

/** What the check of bundles takes a value for, before anything runs. */
function foreseen({ op, inputs, attributes }: Value): Known {
  const settings = Object.entries(attributes).map(([name, setting]) => [name, integersOf(setting)] as const);
  const node = {
    ...{ place: op.name, op: op.name, domain: op.domain ?? '', inputs: [], outputs: [] },
    integers: new Map(settings.flatMap(([name, integers]) => (integers ? [[name, integers]] : []))),
    others: new Set(settings.flatMap(([name, integers]) => (integers ? [] : [name]))),
  };
  return operators[op.name]!.outputs(node, inputs.map(knownOf))[op.output ?? 0]!;
}

describe('the operators that a bundle may have', () => {
  test('are those that the graph language has', () => {
    const names = new Set(computed.map(({ op }) => op.name));
    expect(Object.keys(operators).sort()).toEqual([...names].sort());
    for (const { op } of computed) expect(operators[op.name]!.domain).toBe(op.domain ?? '');
  });

  test('give the types and shapes that the graph language says', () => {
    for (const value of computed) {
      const { type, shape } = foreseen(value);
      expect([value.op.name, type, ...shape]).toEqual([value.op.name, value.type, ...value.shape]);
    }
  });

  test('make graphs that are let through', () => {
    for (const each of [...examples, ...flat]) {
      const { value } = placed(each);
      expect(() => checkGraph(encode(graph('example', { value })), each.name), each.name).not.toThrow();
    }
  });
});

test.each(shipped)('the heads of models/%s are let through', (bundle) => {
  for (const [name, bytes] of Object.entries(filesOf(bundle)))
    if (name.endsWith('.onnx')) checkGraph(bytes, name);
});
