import { defineConfig } from 'vitest/config';

// Proofs take minutes, so `npm test` leaves them out by their names. The conditions are those of the workspace's own configuration.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    globalSetup: ['deploy/dev/src/testing/test-services.ts'],
    include: ['test/survival/proofs/*.proof.ts'],
    maxWorkers: 1,
  },
});
