import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their TypeScript sources, so a test never runs against a stale build.
export default defineConfig({
  resolve: { conditions: ['source', 'module', 'node'] },
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    globalSetup: ['deploy/dev/src/testing/test-services.ts'],
    include: ['{libs,services,deploy,test,proto,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/gen/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Stories wait for processes, servers and clocks more than they compute: one more than the two cores of the smallest machine.
    maxWorkers: 3,
  },
});
