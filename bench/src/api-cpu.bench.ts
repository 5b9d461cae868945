/**
 * G15, what the API's process costs in CPU. A validated POST through the product's whole REST face over a store that keeps
 * nothing, beside bare Fastify with the same validation; and a durable create over REST beside a batcher with nothing
 * around pg, which writes the same rows.
 */
import { openDatabase, PREFIX, PROJECTS, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { creation, withModel } from './model-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge, type Measured } from './result.ts';
import { batchStatement } from './single-statement.ts';

const IN_FLIGHT = 32;
const WARM_UP_POSTS = 8_000;
const WARM_UP_CREATES = 4_000;
const CPU = { goal: 'G15', better: 'lower', unit: 'CPU us' } as const;
const POST: Goal = { ...CPU, name: 'validated POST', floor: 2, target: 1.4, against: 'bare fastify' };
const CREATE: Goal = { ...CPU, name: 'create over REST', floor: 5, target: 2, against: 'raw pg batcher' };

export const bench: Bench = {
  goals: ['G15'],
  run: async (context) => [await posts(context), await creates(context)],
};

async function posts(context: BenchContext): Promise<Measured> {
  const ours = await openPosts(context, 'rest-without-database');
  const beside = await openPosts(context, 'bare-fastify');
  return judge(POST, await compare({ pairs: context.pairs, ours, beside }));
}

/** A window on a server that answers without a database. */
async function openPosts(context: BenchContext, file: string): Promise<() => Promise<Sample>> {
  const server = await startChild<string>(context, file);
  const load = await RestLoad.open(server.first, IN_FLIGHT);
  context.defer(async () => load.close());
  const apiKey = `vmk_${'0'.repeat(16)}_${'0'.repeat(64)}`;
  const run = (windowMs: number) => load.run(windowMs, () => creation(apiKey, 0, 'machine'));
  for (let warm = 0; warm < WARM_UP_POSTS; ) warm += await run(context.windowMs);
  return () => cpuOf(server.pid, () => run(context.windowMs));
}

async function creates(context: BenchContext): Promise<Measured> {
  const server = await context.postgres();
  const ours = await openCreates(context, server.url);
  const batcher = await openBatcher(context, server.url);
  const beside = () => cpuOf(batcher.pid, () => batcher.ask<number>(context.windowMs));
  return judge(CREATE, await compare({ pairs: context.pairs, ours, beside }));
}

async function openCreates(context: BenchContext, serverUrl: string): Promise<() => Promise<Sample>> {
  const database = await openDatabase(serverUrl, 'api_cpu');
  const api = await startApi(context, database.url, database.secretsKey);
  const load = await RestLoad.open(api.url, IN_FLIGHT);
  context.defer(async () => load.close());
  let count = 0;
  const next = () => {
    count += 1;
    return creation(database.apiKey, count % PROJECTS, `vm-${count}`);
  };
  while (count < WARM_UP_CREATES) await load.run(context.windowMs, next);
  return () => cpuOf(api.pid, () => load.run(context.windowMs, next));
}

async function openBatcher(context: BenchContext, serverUrl: string): Promise<Child<string>> {
  const database = await openDatabase(serverUrl, 'api_cpu_beside');
  const statement = await withModel(context, database, batchStatement);
  const env = { DATABASE_URL: database.url, STATEMENT: statement, PREFIX, PROJECTS: String(PROJECTS) };
  const batcher = await startChild<string>(context, 'raw-batcher', env);
  for (let warm = 0; warm < WARM_UP_CREATES; ) warm += await batcher.ask<number>(context.windowMs);
  return batcher;
}

/** CPU of one process for each operation of a window. */
async function cpuOf(pid: number, run: () => Promise<number>): Promise<Sample> {
  const before = cpuMicrosOf([pid]);
  const operations = await run();
  const cpuMicros = cpuMicrosOf([pid]) - before;
  return { value: cpuMicros / operations, operations, cpuMicros };
}
