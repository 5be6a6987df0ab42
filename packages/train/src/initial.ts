import { sizeOf, type Tensors } from '@semivae/graph';
import { fillNormal, reservedStreams } from '@semivae/runtime/core';
import type { State } from './optimizers.ts';

const INITIAL_STREAM = reservedStreams + 0x200;

function filled({ initial, leaf }: State, seed: number, index: number): Float32Array {
  const data = new Float32Array(sizeOf(leaf.shape));
  if (initial.kind === 'constant') return data.fill(initial.value);
  fillNormal(data, { seed, stream: INITIAL_STREAM, step: index });
  return data.map((each) => each * initial.scale);
}

/** The state before the first step, where it begins with what another training has found: all that fits by name and shape. */
export const stateFrom = (states: readonly State[], seed: number, found: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(initialState(states, seed)).map(([name, own]) => [
      name,
      found[name]?.shape.join() === own.shape.join() ? found[name] : own,
    ]),
  );

/** The state before the first step, a pure function of the seed. */
export const initialState = (states: readonly State[], seed: number): Tensors =>
  Object.fromEntries(
    states.map((state, index) => [
      state.name,
      { shape: state.leaf.shape as readonly number[], data: filled(state, seed, index) },
    ]),
  );
