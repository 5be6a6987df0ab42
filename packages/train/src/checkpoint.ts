import { fromSafetensors, toSafetensors } from '@semivae/graph';
import { TrainingError } from './errors.ts';
import type { Checkpoint } from './fit.ts';

/** What of a checkpoint is no tensor. */
export const checkpointMetadata = ({ step, sums, minutes = 0 }: Checkpoint): Record<string, string> => ({
  format: 'semivae-checkpoint',
  step: String(step),
  sums: JSON.stringify(sums),
  minutes: String(minutes),
});

/** A checkpoint as safetensors bytes: the state as tensors, the rest as metadata. */
export const encodeCheckpoint = (checkpoint: Checkpoint): Uint8Array =>
  toSafetensors(checkpoint.state, checkpointMetadata(checkpoint));

/** Reads a checkpoint. Throws `SAFETENSORS` or `CHECKPOINT`; `place` names the file. */
export function decodeCheckpoint(bytes: Uint8Array, place = 'checkpoint'): Checkpoint {
  const { tensors, metadata } = fromSafetensors(bytes, place);
  const step = Number(metadata.step);
  if (metadata.format !== 'semivae-checkpoint' || !Number.isInteger(step)) {
    throw new TrainingError(
      'CHECKPOINT',
      place,
      'these tensors are not a checkpoint',
      'Resume from a run of semivae train.',
    );
  }
  return {
    step,
    sums: JSON.parse(metadata.sums ?? '{}'),
    state: tensors,
    minutes: Number(metadata.minutes ?? 0),
  };
}
