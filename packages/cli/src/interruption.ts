import { setImmediate } from 'node:timers/promises';
import { exitCodes, Interrupted } from './failure.ts';

const controller = new AbortController();

/** Aborted at the first SIGINT, SIGTERM or SIGHUP; what is being written is finished then. */
export const interruption: AbortSignal = controller.signal;

let signalled = false;

function stop(): void {
  if (signalled) process.exit(exitCodes.interrupted);
  signalled = true;
  controller.abort();
  process.stderr.write('\nstopping: finishing what is at hand (once more to stop at once)\n');
}

/** A terminal that is closed may send this more than once, and what is at hand is to be finished all the same. */
function hangUp(): void {
  if (!signalled) stop();
}

/** Set in the environment of a command that is to stop when the one that began it closes their channel, or is gone. */
export const STOP_WITH_PARENT = 'SEMIVAE_STOP_WITH_PARENT';

/** This counts for no signal: a terminal sends SIGINT to both, before or after. And it comes on every platform. */
function listenForParent(): void {
  const stopWithIt = () => controller.abort();
  process.on('disconnect', stopWithIt);
  process.channel?.unref();
  if (process.connected === false) stopWithIt();
}

/** Listens for SIGINT, SIGTERM and SIGHUP: the first asks to stop, a second SIGINT or SIGTERM stops. */
export function listenForInterruption(): void {
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', hangUp);
  if (process.env[STOP_WITH_PARENT]) listenForParent();
}

/** Gives the event loop a turn, which ONNX Runtime does not, so that signals and timers come through. */
export const turn = (): Promise<void> => setImmediate();

/** Throws `INTERRUPTED` once the command was asked to stop. */
export async function checkInterruption(place: string): Promise<void> {
  await turn();
  if (interruption.aborted) throw new Interrupted(place);
}
