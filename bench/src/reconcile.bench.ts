/**
 * G8: machines that one worker drives in a second, from the accepted wish to the applied manifest, and how often it calls
 * the cluster for one until it runs.
 *
 * The rate is taken against the cluster's API server alone: with players behind it their work on the same cores would be
 * measured. Calls are counted, by the worker's own metric, against the whole simulated cluster until every machine runs.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startProcess, startRedis } from '@compute/dev-stack';
import { openStore, type Store } from '@compute/store';
import { openDatabase, PREFIX } from './api-process.ts';
import { BareApplies } from './bare-applies.ts';
import type { Bench, BenchContext } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { newMachine } from './new-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge } from './result.ts';

const MACHINES = 200;
const COUNTED_MACHINES = 24;
/** So few that their namespaces are made before the first window that counts. */
const PROJECTS_USED = 8;
const IN_FLIGHT = 32;
const BARE_CALLS = 2;
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 5;

const RATE: Goal = {
  ...{ goal: 'G8', name: 'VMs driven by one worker', better: 'higher', floor: 0.5, target: 0.7, unit: 'VMs/s' },
  against: 'bare keep-alive client, divided by calls',
};
const CALLS: Goal = {
  ...{ goal: 'G8', name: 'cluster calls per VM until it runs', better: 'lower', floor: 3, target: 3, unit: 'calls' },
  against: 'one',
};

interface Driven {
  readonly url: string;
  readonly kubeconfig: string;
}

interface Side {
  readonly cluster: Child<Driven>;
  readonly store: Store;
  readonly pids: readonly number[];
  /** Finished calls to the cluster so far, of every kind. */
  calls(): Promise<number>;
}

export const bench: Bench = {
  goals: ['G8'],
  run: async (context) => {
    const played = await openSide(context, 'played', { PLAYERS: 'all' });
    const callsPerMachine = await countCalls(played);
    await played.stop();
    const side = await openSide(context, 'alone', {});
    const bare = new BareApplies(side.cluster.first.url, IN_FLIGHT);
    context.defer(async () => bare.close());
    await bare.open();
    const beside = () => bareWindow(bare, side, callsPerMachine);
    const ratio = await compare({ pairs: context.pairs, ours: () => drive(side), beside });
    const counted = { ratio: callsPerMachine, min: callsPerMachine, max: callsPerMachine, pairs: 1 };
    const calls = { ...counted, ours: callsPerMachine, beside: 1, cpuMicrosPerOp: 0 };
    return [judge(RATE, ratio), judge(CALLS, calls)];
  },
};

/** A worker with a database, a queue and a cluster of its own. */
async function openSide(context: BenchContext, name: string, clusterEnv: Record<string, string>) {
  const server = await context.postgres();
  const { url: databaseUrl, secretsKey } = await openDatabase(server.url, name);
  const redis = await startRedis();
  context.defer(() => redis.stop());
  const cluster = await startChild<Driven>(context, 'driven-cluster', clusterEnv);
  context.defer(async () => rmSync(dirname(cluster.first.kubeconfig), { recursive: true, force: true }));
  const port = await freePort();
  const worker = await startProcess({
    name: 'worker',
    command: ['services/worker/dist/main.js'],
    env: {
      ...{ DATABASE_URL: databaseUrl, REDIS_URL: redis.url, SECRETS_KEY: secretsKey, METRICS_PORT: String(port) },
      ...{ KUBECONFIG: cluster.first.kubeconfig, SOURCE_PROBE: 'off', INSTALL_CATALOGUE: 'false', LOG_LEVEL: 'info' },
      // What is measured is the work, not the pace; a list of what machines use belongs to no machine.
      ...{ CLUSTER_CHANGES_PER_SECOND: '100000', PERFORMANCE_SAMPLING_SECONDS: '240' },
    },
    logFile: `${cluster.first.kubeconfig}.worker.log`,
    readyFrom: (line) => (line.msg === 'worker.ready' ? line : undefined),
  });
  context.defer(() => worker.stop());
  const store = await openStore({ databaseUrl, secretsKey, applicationName: 'bench', quotaDefaults: {} });
  context.defer(() => store.close());
  const pids = [worker.pid, cluster.pid, redis.pid, server.pid];
  const calls = () => callsOf(`http://127.0.0.1:${port}/metrics`);
  return { cluster, store, pids, calls, stop: () => worker.stop() };
}

async function callsOf(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const counts = text.matchAll(/^\w*cluster_request_duration_seconds_count\{([^}]*)\} (\d+)/gm);
  return [...counts].reduce((sum, [, , count]) => sum + Number(count), 0);
}

/** The namespaces are there before: they cost a call for each project, not for each machine. */
async function countCalls(side: Side): Promise<number> {
  await untilRunning(side.store, await want(side.store, PROJECTS_USED));
  const before = await side.calls();
  await untilRunning(side.store, await want(side.store, COUNTED_MACHINES));
  return ((await side.calls()) - before) / COUNTED_MACHINES;
}

async function drive({ cluster, store, pids }: Side): Promise<Sample> {
  const cpuBefore = cpuMicrosOf(pids);
  const startedAt = performance.now();
  const aim = (await cluster.ask<number>('applied')) + MACHINES;
  await want(store, MACHINES);
  await until('applied', async () => (await cluster.ask<number>('applied')) >= aim);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { value: MACHINES / seconds, operations: MACHINES, cpuMicros: cpuMicrosOf(pids) - cpuBefore };
}

async function bareWindow(bare: BareApplies, { cluster }: Side, callsPerMachine: number): Promise<Sample> {
  const pids = [process.pid, cluster.pid];
  const cpuBefore = cpuMicrosOf(pids);
  const startedAt = performance.now();
  await manyAtOnce(MACHINES, () => bare.machine());
  const seconds = (performance.now() - startedAt) / 1_000;
  const value = (MACHINES * BARE_CALLS) / callsPerMachine / seconds;
  return { value, operations: MACHINES, cpuMicros: cpuMicrosOf(pids) - cpuBefore };
}

let named = 0;

/** Resolves with the uids when all wishes are accepted. */
async function want(store: Store, count: number): Promise<readonly string[]> {
  const uids: string[] = [];
  await manyAtOnce(count, async () => {
    named += 1;
    const { resource } = await store.create(newMachine(`${PREFIX}${named % PROJECTS_USED}`, `vm-${named}`));
    uids.push(resource.uid);
  });
  return uids;
}

async function untilRunning(store: Store, uids: readonly string[]): Promise<void> {
  for (const uid of uids) await until('running', async () => (await store.getByUid(uid))?.phase === 'Running');
}

async function manyAtOnce(count: number, step: () => Promise<void>): Promise<void> {
  let left = count;
  const work = async () => {
    for (; left > 0; ) {
      left -= 1;
      await step();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not everything was ${what} in time.`);
    await pause(LOOK_EVERY_MS);
  }
}
