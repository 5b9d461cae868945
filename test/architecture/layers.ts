/**
 * Who may lean on whom. One row for each package of the workspace; a package that has no row fails the tests.
 *
 * A reader could break: the API must never reach the cluster, directly or through another package, so that no request
 * waits on it; a test proves this over the closure of this table.
 */

export interface Layer {
  /** Workspace packages that product code of this package may import, without the scope. */
  readonly product: readonly string[];
  /** What only its tests may import besides. */
  readonly tests?: readonly string[];
}

const ANY_TEST = ['test-services'];

export const LAYERS: Readonly<Record<string, Layer>> = {
  domain: { product: [] },
  contract: { product: ['domain'] },
  store: { product: ['domain'], tests: ANY_TEST },
  queue: { product: ['domain'], tests: ANY_TEST },
  runtime: { product: ['domain'] },
  'kube-client': { product: [], tests: ['kube-wire'] },
  'kube-wire': { product: [], tests: ['kube-client'] },
  cluster: { product: ['domain', 'kube-client'], tests: ['kube-wire', 'simulator'] },
  simulator: { product: ['kube-wire', 'kube-client'] },
  proto: { product: [] },
  'test-services': { product: [] },
  api: { product: ['contract', 'domain', 'kube-wire', 'proto', 'runtime', 'store'], tests: ANY_TEST },
  worker: {
    // The contract for what webhooks say: the same words as the API's.
    product: ['cluster', 'contract', 'domain', 'kube-client', 'queue', 'runtime', 'store'],
    tests: [...ANY_TEST, 'kube-wire', 'simulator'],
  },
  operate: {
    product: ['cluster', 'contract', 'domain', 'kube-client', 'queue', 'runtime', 'store'],
    tests: [...ANY_TEST, 'simulator'],
  },
  'dev-stack': { product: ['kube-client', 'kube-wire', 'runtime', 'simulator', 'store', 'test-services'] },
  test: {
    product: [
      'api',
      'cluster',
      'contract',
      'dev-stack',
      'domain',
      'kube-client',
      'kube-wire',
      'operate',
      'proto',
      'queue',
      'runtime',
      'simulator',
      'store',
      'test-services',
      'worker',
    ],
  },
};

/** Foreign packages that only the named packages import, in product code. A trailing slash covers a whole scope. */
export const SOLE_IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['kube-client'],
  '@nestjs/': ['api', 'worker'],
  '@opentelemetry/': ['runtime'],
  '@prisma/': ['store'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  jose: ['api'],
  pg: ['store', 'dev-stack', 'test'],
  pino: ['runtime', 'simulator'],
  'prom-client': ['runtime'],
  zod: ['contract'],
};

/** Every package that can be reached from the given one in product code. */
export function reachableFrom(name: string, layers: Readonly<Record<string, Layer>> = LAYERS): Set<string> {
  const reached = new Set<string>();
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const other of layers[next]?.product ?? []) {
      if (!reached.has(other)) waiting.push(other);
      reached.add(other);
    }
  }
  return reached;
}
