/**
 * G8: machines that one worker drives in a second, from the accepted wish to the applied manifest, and how often it calls
 * the cluster for one until it runs.
 *
 * The rate is taken against the cluster's API server alone: with players behind it their work on the same cores would be
 * measured. Calls are counted, by the worker's own metric, against the whole simulated cluster until every machine runs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '@compute/store';
import { PREFIX } from './api-process.ts';
import { BareApplies } from './bare-applies.ts';
import type { Bench } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { type DrivenWorker, openDrivenWorker } from './driven-worker.ts';
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

export const bench: Bench = {
  goals: ['G8'],
  run: async (context) => {
    const played = await openDrivenWorker(context, 'played', { PLAYERS: 'all' });
    const callsPerMachine = await countCalls(played);
    await played.stop();
    const side = await openDrivenWorker(context, 'alone');
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

/** The namespaces are there before: they cost a call for each project, not for each machine. */
async function countCalls(side: DrivenWorker): Promise<number> {
  await untilRunning(side.store, await want(side.store, PROJECTS_USED));
  const before = await side.calls();
  await untilRunning(side.store, await want(side.store, COUNTED_MACHINES));
  return ((await side.calls()) - before) / COUNTED_MACHINES;
}

async function drive({ cluster, store, pids }: DrivenWorker): Promise<Sample> {
  const cpuBefore = cpuMicrosOf(pids);
  const startedAt = performance.now();
  const aim = (await cluster.ask<number>('applied')) + MACHINES;
  await want(store, MACHINES);
  await until('applied', async () => (await cluster.ask<number>('applied')) >= aim);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { value: MACHINES / seconds, operations: MACHINES, cpuMicros: cpuMicrosOf(pids) - cpuBefore };
}

async function bareWindow(bare: BareApplies, { cluster }: DrivenWorker, callsPerMachine: number): Promise<Sample> {
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
