/**
 * G12: how old the percentage of an import is that a reader of the API gets, and how many transactions it took to write it.
 *
 * The source writes to the cluster's API server as CDI does; the percentage comes to the worker by its watch, and is read
 * over REST. A value that is served is at best as old as the source's last, so the source's interval stands beside it.
 * Transactions are all that wrote anything in the whole database meanwhile, whatever they were for.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { claimOfDisk, initialDisk, type VmDiskSpec } from '@compute/domain';
import pg from 'pg';
import { PREFIX, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { type DrivenWorker, openDrivenWorker } from './driven-worker.ts';
import { ImportSource, type Volume } from './import-source.ts';
import { compare, type Sample } from './pairs.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge } from './result.ts';

const DISKS = Number(process.env.BENCH_IMPORTS ?? 200);
/** As often as CDI asks an importer. */
const INTERVAL_MS = 2_000;
const INTERVALS_PER_WINDOW = 4;
const READS_PER_SECOND = 100;
const PATIENCE_MS = 60_000;
const PROJECT = `${PREFIX}0`;

const AGE: Goal = {
  ...{ goal: 'G12', name: `p99 age of ${DISKS} imports' progress`, better: 'lower', floor: 1.3, target: 1.15 },
  ...{ against: "the source's interval", unit: 'ms' },
};
const TRANSACTIONS: Goal = {
  ...{ goal: 'G12', name: 'writing transactions per update', better: 'lower', floor: 0.05, target: 0.05 },
  ...{ against: 'one', unit: 'transactions' },
};

export const bench: Bench = {
  goals: ['G12'],
  run: async (context) => {
    const setting = await openSetting(context);
    const transactions: Sample[] = [];
    const ours = async () => {
      const { age, perUpdate } = await setting.window();
      transactions.push(perUpdate);
      return age;
    };
    const age = await compare({ pairs: Math.min(context.pairs, 5), ours, beside: async () => only(INTERVAL_MS) });
    // The same windows tell the rest, the first of which does not count.
    const counted = transactions.slice(1).values();
    const next = async () => counted.next().value ?? only(Number.NaN);
    const written = await compare({ pairs: transactions.length - 2, ours: next, beside: async () => only(1) });
    return [judge(AGE, age), judge(TRANSACTIONS, written)];
  },
};

interface Window {
  readonly age: Sample;
  readonly perUpdate: Sample;
}

/** A worker that follows the imports, and an API that shows them. */
async function openSetting(context: BenchContext): Promise<{ window(): Promise<Window> }> {
  const driven = await openDrivenWorker(context, 'imports');
  const { database, cluster } = driven;
  const api = await startApi(context, database.url, database.secretsKey);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  context.defer(() => pool.end());
  const names = await wantDisks(driven);
  const volumes = names.map((name): Volume => ({ namespace: `project-${PROJECT}`, name: `vm-disk-${name}` }));
  const source = new ImportSource(readFileSync(cluster.first.kubeconfig, 'utf8'), volumes, INTERVAL_MS);
  source.start();
  context.defer(() => source.stop());
  const load = await RestLoad.open(api.url, 1);
  context.defer(async () => load.close());
  const ageOf = (name: string) => shownAge(load, database.apiKey, source, name);
  for (const name of names) await until(`the import of ${name}`, async () => (await ageOf(name)) !== undefined);
  const pids = [...driven.pids, api.pid];
  const window = async (): Promise<Window> => {
    const before = { updates: source.updates, writes: await writesSoFar(pool), cpu: cpuMicrosOf(pids) };
    const ages = await readAges(names, ageOf);
    const updates = source.updates - before.updates;
    const cpuMicros = cpuMicrosOf(pids) - before.cpu;
    const writes = (await writesSoFar(pool)) - before.writes;
    return {
      age: { value: quantile(ages, 0.99), operations: updates, cpuMicros },
      perUpdate: { value: writes / updates, operations: updates, cpuMicros },
    };
  };
  return { window };
}

const only = (value: number): Sample => ({ value, operations: 0, cpuMicros: 0 });

/** Accepted, and their volumes applied. */
async function wantDisks({ store, cluster }: DrivenWorker): Promise<readonly string[]> {
  const spec: VmDiskSpec = {
    ...{ source: { http: { url: 'http://images.test/disk.img' } }, optical: false },
    ...{ storage: '10Gi', storageClass: 'replicated' },
  };
  const names = Array.from({ length: DISKS }, (_, index) => `disk-${index}`);
  for (const name of names) {
    const asked = { actor: { type: 'user', id: 'bench' }, requestId: name, project: PROJECT } as const;
    await store.create({ ...asked, kind: 'VMDisk', name, spec, claim: claimOfDisk(spec), ...initialDisk() });
  }
  await until('every volume applied', async () => (await cluster.ask<number>('applied')) >= DISKS);
  return names;
}

/** Of one disk, as a reader of the API gets it; undefined while no percentage is shown. */
async function shownAge(
  load: RestLoad,
  apiKey: string,
  source: ImportSource,
  name: string,
): Promise<number | undefined> {
  const path = `/v1/projects/${PROJECT}/vm-disks/${name}`;
  const text = await load.one({ method: 'GET', path, apiKey });
  const { status } = JSON.parse(text) as { status: { import?: { percent?: number } } };
  return source.ageOf(`vm-disk-${name}`, status.import?.percent);
}

/** Reads at a steady rate, one disk after the other, at times that fit no rhythm of the source. */
async function readAges(
  names: readonly string[],
  ageOf: (name: string) => Promise<number | undefined>,
): Promise<number[]> {
  const ages: number[] = [];
  const until = performance.now() + INTERVALS_PER_WINDOW * INTERVAL_MS;
  while (performance.now() < until) {
    const name = names[Math.floor(Math.random() * names.length)] ?? '';
    ages.push((await ageOf(name)) ?? Number.POSITIVE_INFINITY);
    await pause((2 * Math.random() * 1_000) / READS_PER_SECOND);
  }
  return ages;
}

/** Transactions that wrote something: only those take an id. */
async function writesSoFar(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  return Number(rows[0]?.next);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come in time.`);
    await pause(50);
  }
}
