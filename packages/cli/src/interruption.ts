import { setImmediate } from 'node:timers/promises';
import { exitCodes, Interrupted } from './failure.ts';

const controller = new AbortController();

/** Aborted at the first SIGINT or SIGTERM; what is being written is finished then. */
export const interruption: AbortSignal = controller.signal;

function stop(): void {
  if (interruption.aborted) process.exit(exitCodes.interrupted);
  controller.abort();
  process.stderr.write('\nstopping: finishing what is at hand (once more to stop at once)\n');
}

/** Listens for SIGINT and SIGTERM: the first asks to stop, the second stops. */
export function listenForInterruption(): void {
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** Gives the event loop a turn, which ONNX Runtime does not, so that signals and timers come through. */
export const turn = (): Promise<void> => setImmediate();

/** Throws `INTERRUPTED` once the command was asked to stop. */
export async function checkInterruption(place: string): Promise<void> {
  await turn();
  if (interruption.aborted) throw new Interrupted(place);
}
