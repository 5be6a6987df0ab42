import { Disposed } from './errors.ts';

/** Runs a task when its turn comes. */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>;

/** Tasks one after the other, in the order of their asking, whether or not those before succeed. */
export function oneAtATime(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task);
    last = turn.catch(() => {});
    return turn;
  };
}

/** Every task at once. */
export const atOnce: Turns = (task) => task();

/** Lets calls in until it is closed. */
export interface Gate {
  /** Throws DISPOSED once it is closed. */
  pass<T>(call: () => Promise<T>): Promise<T>;
  /** Waits for the calls that are inside. */
  close(): Promise<void>;
}

/** A gate in front of `place`. */
export function openGate(place: string): Gate {
  const inside = new Set<Promise<unknown>>();
  let closed = false;
  return {
    async pass(call) {
      if (closed) throw new Disposed(place);
      const passing = call();
      inside.add(passing);
      try {
        return await passing;
      } finally {
        inside.delete(passing);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled(inside);
    },
  };
}
