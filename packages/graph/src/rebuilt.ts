import { reached, type Value } from './value.ts';

/**
 * What `make` makes of every value that the outputs reach, inputs first. It is given the value and the same op of inputs that
 * were made: the value itself where these are its own.
 */
export function rebuilt(
  outputs: readonly Value[],
  make: (value: Value, ofMade: Value) => Value,
): (value: Value) => Value {
  const made = new Map<Value, Value>();
  for (const each of reached(outputs)) {
    const inputs = each.inputs.map((input) => made.get(input)!);
    const same = inputs.every((input, i) => input === each.inputs[i]);
    made.set(each, make(each, same ? each : { ...each, inputs }));
  }
  return (value) => made.get(value)!;
}
