/** A worker process with a database, a queue and a cluster of its own. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { freePort, startProcess, startRedis } from '@compute/dev-stack';
import { openStore, type Store } from '@compute/store';
import { type BenchDatabase, openDatabase } from './api-process.ts';
import type { BenchContext } from './bench.ts';
import { type Child, startChild } from './child.ts';

export interface DrivenCluster {
  readonly url: string;
  readonly kubeconfig: string;
}

export interface DrivenWorker {
  readonly cluster: Child<DrivenCluster>;
  readonly database: BenchDatabase;
  readonly store: Store;
  /** Of the worker, the cluster, Redis and Postgres. */
  readonly pids: readonly number[];
  /** Finished calls to the cluster so far, of every kind. */
  calls(): Promise<number>;
  /** Ends the worker. */
  stop(): Promise<void>;
}

/** `clusterEnv` as `driven-cluster.ts` reads it. */
export async function openDrivenWorker(
  context: BenchContext,
  name: string,
  clusterEnv: Readonly<Record<string, string>> = {},
): Promise<DrivenWorker> {
  const server = await context.postgres();
  const database = await openDatabase(server.url, name);
  const redis = await startRedis();
  context.defer(() => redis.stop());
  const cluster = await startChild<DrivenCluster>(context, 'driven-cluster', clusterEnv);
  context.defer(async () => rmSync(dirname(cluster.first.kubeconfig), { recursive: true, force: true }));
  const port = await freePort();
  const worker = await startProcess({
    name: 'worker',
    command: ['services/worker/dist/main.js'],
    env: {
      ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, SECRETS_KEY: database.secretsKey },
      ...{ KUBECONFIG: cluster.first.kubeconfig, SOURCE_PROBE: 'off', INSTALL_CATALOGUE: 'false', LOG_LEVEL: 'info' },
      // What is measured is the work, not the pace; a list of what machines use belongs to no machine.
      ...{ CLUSTER_CHANGES_PER_SECOND: '100000', PERFORMANCE_SAMPLING_SECONDS: '240', METRICS_PORT: String(port) },
    },
    logFile: `${cluster.first.kubeconfig}.worker.log`,
    readyFrom: (line) => (line.event === 'worker.ready' ? line : undefined),
  });
  context.defer(() => worker.stop());
  const { url: databaseUrl, secretsKey } = database;
  const store = await openStore({ databaseUrl, secretsKey, applicationName: 'bench', quotaDefaults: {} });
  context.defer(() => store.close());
  return {
    ...{ cluster, database, store },
    pids: [worker.pid, cluster.pid, redis.pid, server.pid],
    calls: () => callsOf(`http://127.0.0.1:${port}/metrics`),
    stop: () => worker.stop(),
  };
}

async function callsOf(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const counts = text.matchAll(/^\w*cluster_request_duration_seconds_count\{([^}]*)\} (\d+)/gm);
  return [...counts].reduce((sum, [, , count]) => sum + Number(count), 0);
}
