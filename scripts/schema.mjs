// Generates the static protobuf code beside packages/graph/schema/onnx.proto: `npm run schema` after changing it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const folder = 'packages/graph/schema';
const run = (tool, ...parameters) =>
  execFileSync(process.execPath, [`node_modules/protobufjs-cli/bin/${tool}`, ...parameters], {
    stdio: 'inherit',
  });

run(
  'pbjs',
  '-t',
  'static-module',
  '-w',
  'es6',
  '--no-create',
  '--no-verify',
  '--no-convert',
  '--no-delimited',
  '--no-typeurl',
  '--no-service',
  '--keep-case',
  '-o',
  `${folder}/onnx.js`,
  `${folder}/onnx.proto`,
);
run('pbts', '-o', `${folder}/onnx.d.ts`, `${folder}/onnx.js`);

const { recipeJsonSchema } = await import('../packages/recipe/dist/index.js');
writeFileSync('packages/recipe/recipe.schema.json', `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
