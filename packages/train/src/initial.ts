import { sizeOf, type Tensors } from '@semivae/graph';
import { fillNormal, streamOf } from '@semivae/runtime/core';
import type { State } from './optimizers.ts';

function filled({ initial, leaf }: State, seed: number, index: number): Float32Array {
  const data = new Float32Array(sizeOf(leaf.shape));
  if (initial.kind === 'constant') return data.fill(initial.value);
  fillNormal(data, { seed, stream: streamOf('initialParameters'), step: index });
  return data.map((each) => each * initial.scale);
}

/** Whether a state is of the model, a parameter or a kept statistic; the rest is the optimizer's. */
export const isParameter = ({ leaf }: State): boolean => leaf.leaf?.kind === 'parameter';

/**
 * The state before the first step, where it begins with what another training has found: all parameters that fit by name
 * and shape. The optimizer starts afresh.
 */
export function stateFrom(states: readonly State[], seed: number, found: Tensors): Tensors {
  const own = initialState(states, seed);
  const fitting = states.filter(
    (state) => isParameter(state) && found[state.name]?.shape.join() === own[state.name]!.shape.join(),
  );
  return { ...own, ...Object.fromEntries(fitting.map(({ name }) => [name, found[name]!])) };
}

/** The state before the first step, a pure function of the seed. */
export const initialState = (states: readonly State[], seed: number): Tensors =>
  Object.fromEntries(
    states.map((state, index) => [
      state.name,
      { shape: state.leaf.shape as readonly number[], data: filled(state, seed, index) },
    ]),
  );
