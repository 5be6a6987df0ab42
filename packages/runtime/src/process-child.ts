/** Run by `loadApart` in a process of its own: loads one bundle, and answers what it is asked until nobody listens. */
import { SemivaeError } from './errors.ts';
import { load, type Model } from './node.ts';
import type { Answered, Asked, Carried } from './process-messages.ts';

let loading: Promise<Model> | undefined;

async function answerOf({ method, args }: Asked): Promise<unknown> {
  if (method === 'load') {
    loading = load(...(args as Parameters<typeof load>));
    return (await loading).manifest;
  }
  const model = await loading!;
  return (model[method] as (...given: unknown[]) => Promise<unknown>)(...args);
}

function carried(error: unknown): Carried {
  const { message } = error as Error;
  if (!(error instanceof SemivaeError)) return { message, place: '', problem: '', remedy: '' };
  const { code, place, remedy } = error;
  const problem = message.slice(place.length + 2, -remedy.length - 2);
  return { message, code, place, problem, remedy };
}

process.on('message', async (asked: Asked) => {
  const { id } = asked;
  const answer: Answered = await answerOf(asked).then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, error: carried(error) }),
  );
  if (process.connected) process.send!(answer);
});

// no run is under way here: a run holds this thread until it is done
process.on('disconnect', () => process.exit());
// a signal to all of the terminal's processes is for the one that asks to obey
process.on('SIGINT', () => {});
