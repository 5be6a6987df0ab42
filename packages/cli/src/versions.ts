import { readFileSync } from 'node:fs';

const packageFile = new URL('../package.json', import.meta.url);

/** The version of semivae. */
export const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version;

/** What a training depends on besides its recipe, for the record; `ofEngine` is what its engine brings. */
export async function versions(
  ofEngine: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const { env } = await import('onnxruntime-node');
  const onnxruntime = env.versions.node ?? 'unknown';
  return { semivae: version, node: process.versions.node, onnxruntime, ...ofEngine };
}
