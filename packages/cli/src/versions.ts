import { readFileSync } from 'node:fs';

const packageFile = new URL('../package.json', import.meta.url);

/** The version of semivae. */
export const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version;

/** What a training depends on besides its recipe, for the record. */
export async function versions(): Promise<Record<string, string>> {
  const { env } = await import('onnxruntime-node');
  return { semivae: version, node: process.versions.node, onnxruntime: env.versions.node ?? 'unknown' };
}
