import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, type Graph, gradients, graph, input } from '@semivae/graph';
import { m2, query } from '@semivae/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples, flat, placed, weighted } from './examples.ts';
import { fewLabelsExamples, modelExamples, sizes, steps } from './models.ts';
import { paperExamples } from './papers.ts';

const python = '/usr/bin/python3';
const present = existsSync(python) && spawnSync(python, ['-c', 'import onnx']).status === 0;
if (!present)
  process.stderr.write(
    'THE OUTSIDE JUDGE IS MISSING: no ONNX file was checked by onnx.checker. Install python3-onnx (Debian, Ubuntu).\n',
  );

/** Prints one line of JSON: what the checker says against each file, nothing where it says nothing. */
const judge = `
import json, sys, onnx
def verdict(path):
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:
        return str(error)
    return ''
print(json.dumps({path: verdict(path) for path in sys.argv[1:]}))
`;

const withSlopes = (example: (typeof examples)[number]): Graph => {
  const { value, wrt } = placed(example);
  const slopes = gradients(weighted(value), Object.values(wrt));
  return graph('example', { value, ...Object.fromEntries(slopes.map((slope, i) => [`slope ${i}`, slope])) });
};

/** A head for any number of rows. */
function freeBatch(): Graph {
  const model = m2(sizes);
  return graph('classifier', query(model.q, model.y, { x: input('x', ['batch', sizes.x]) }).answers);
}

const graphs: Readonly<Record<string, Graph>> = Object.fromEntries([
  ...examples.map((each) => [each.name, withSlopes(each)] as const),
  ...flat.map((each) => [`${each.name}, flat`, graph('example', { value: placed(each).value })] as const),
  ...[...modelExamples, ...paperExamples, ...fewLabelsExamples].map(
    ({ name, objective }) => [name, graph('loss', { loss: objective.loss })] as const,
  ),
  ...Object.entries(steps).map(([name, step]) => [`the training step of ${name}`, step.graph] as const),
  ['a classifier of any number of rows', freeBatch()],
]);

const folder = new URL('../models/', import.meta.url).pathname;
const shipped = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'))
  : [];

describe.skipIf(!present)('onnx.checker accepts', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'semivae-judge-'));
  const verdicts = new Map<string, string>();
  afterAll(() => rmSync(temporary, { recursive: true }));
  beforeAll(() => {
    const written = Object.entries(graphs).map(([name, each], i) => {
      const path = join(temporary, `${i}.onnx`);
      writeFileSync(path, encode(each));
      return [name, path] as const;
    });
    const files = [...written, ...shipped.map((name) => [name, join(folder, name)] as const)];
    const said = execFileSync(python, ['-c', judge, ...files.map(([, path]) => path)], { encoding: 'utf8' });
    const byPath: Record<string, string> = JSON.parse(said);
    for (const [name, path] of files) verdicts.set(name, byPath[path]!);
  });

  test.each([...Object.keys(graphs), ...shipped])('%s', (name) => expect(verdicts.get(name)).toBe(''));
});
