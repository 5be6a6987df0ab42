import { afterEach } from 'vitest';

/** Lets vitest hear of a test before the next one begins: it gives up on a process that is busy for a minute on end. */
afterEach(() => new Promise((resolve) => setImmediate(resolve)));
