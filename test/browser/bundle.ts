import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, defaultClientConditions, type InlineConfig, type Rollup } from 'vite';
import type { Served } from './serve.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** As an app's bundler sees the packages: their sources, by the conditions of a browser. */
const common: InlineConfig = {
  root: here,
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['source', ...defaultClientConditions] },
};

const outputOf = async (config: InlineConfig): Promise<Rollup.RollupOutput['output']> =>
  ([await build({ ...common, ...config })].flat()[0] as Rollup.RollupOutput).output;

/** The page and what it loads, by path. */
export async function bundlePage(): Promise<Served> {
  const output = await outputOf({ build: { write: false, assetsInlineLimit: 0, target: 'es2022' } });
  return Object.fromEntries(
    output.map((each) => [each.fileName, Buffer.from(each.type === 'chunk' ? each.code : each.source)]),
  );
}

/** The modules of Node that `entry`, a file here, still imports once it is bundled for a browser. */
export async function nodeImports(entry: string): Promise<string[]> {
  const output = await outputOf({
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry, formats: ['es'], fileName: 'bundle' },
      rollupOptions: { external: (id) => isBuiltin(id) || id.startsWith('onnxruntime-web') },
    },
  });
  const imports = output.flatMap((each) =>
    each.type === 'chunk' ? [...each.imports, ...each.dynamicImports] : [],
  );
  return imports.filter((id) => isBuiltin(id));
}
