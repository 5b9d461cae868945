import { defineConfig } from 'vitest/config';

// Proofs need programs that `npm run test:chart` builds, so `npm test` leaves them out by their names. The conditions are those of
// the workspace's own configuration.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    include: ['test/chart/proofs/*.proof.ts'],
    // Real processes on a machine that may be busy: patience, not a measure.
    testTimeout: 300_000,
    hookTimeout: 240_000,
    maxWorkers: 1,
  },
});
