import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

const folders = ['models/mnist-m2', 'models/mnist-m2/bundle', 'quickstart/bundle'].map((folder) =>
  fileURLToPath(new URL(`../../${folder}`, import.meta.url)),
);

export default defineConfig({
  /** The bundle's files are served beside the page. */
  publicDir: folders.find((folder) => existsSync(`${folder}/manifest.json`)) ?? false,
  /** The workspace's sources; an app that installed @semivae/runtime needs no such line. */
  resolve: { conditions: ['source', ...defaultClientConditions] },
  /** Vite's dependency cache would part ONNX Runtime's script from its .wasm file. */
  optimizeDeps: { exclude: ['onnxruntime-web'] },
});
