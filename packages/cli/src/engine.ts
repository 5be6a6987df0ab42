import { type ChosenEngine, chooseEngine, ENGINES, type EngineChoice } from '@semivae/train/node';
import { Option } from 'commander';
import type { Output } from './output.ts';

/** What the flags say of the engine. */
export interface EngineFlags {
  readonly engine?: EngineChoice;
  readonly threads?: number;
}

/** The flag `--engine`. */
export const engineOption = (): Option =>
  new Option(
    '--engine <name>',
    'what trains (default: auto, TensorFlow where @tensorflow/tfjs-node loads, else ONNX Runtime)',
  ).choices(ENGINES);

/** Chooses an engine, and tells what did not load. Throws `TENSORFLOW_MISSING`. */
export async function openEngine(
  asked: EngineChoice,
  { threads }: EngineFlags,
  output: Output,
): Promise<ChosenEngine> {
  const chosen = await chooseEngine(asked, threads === undefined ? {} : { threads });
  for (const each of chosen.problems) output.note(`note    ${each.package}: ${each.problem}. ${each.remedy}`);
  if (threads !== undefined && chosen.engine.name !== 'onnxruntime')
    output.note('note    --threads holds for ONNX Runtime alone');
  return chosen;
}

/** What trains, on what, and why. */
export const engineLine = ({ engine, why }: ChosenEngine): string =>
  `engine  ${engine.name} on ${engine.backend}: ${why}`;
