import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests run the sources themselves: the `source` condition of every package's exports. */
const conditions = ['source', 'node'];

/** Two cores take two files at once: a test often waits, for a process or a disk. */
const cores = availableParallelism();
const forks = Math.max(Math.min(2, cores), cores - 1);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/src/**/*.test.ts'],
    setupFiles: ['test/yielding.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    pool: 'forks',
    poolOptions: { forks: { maxForks: forks, minForks: forks } },
  },
});
