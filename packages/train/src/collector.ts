import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 mark between training steps instead of beside them, for the rest of the process: onnxruntime-node hands
 * every step's outputs back as a copy, 15 MB for M2 784-500-50, so garbage comes fast, and a collector that works
 * concurrently takes cores from ONNX Runtime.
 */
export function collectBetweenSteps(): void {
  setFlagsFromString('--no-concurrent-marking');
  setFlagsFromString('--no-incremental-marking');
}
