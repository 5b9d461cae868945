/**
 * G1, creating machines over REST: accepted durably, relayed, and their jobs started. Beside it pgbench runs the same
 * transaction as one statement with 8 clients, on the same server in a database of its own.
 *
 * The rate counts from the first request until the last accepted machine's job has started, so a backlog does not flatter.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild, startRedis } from '@compute/dev-stack';
import { type BenchDatabase, openDatabase, PROJECTS, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { creation, withModel } from './model-machine.ts';
import { compare, cpuMicrosPerOp, type Sample } from './pairs.ts';
import { openPgbench, type Pgbench } from './pgbench.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge, type Measured } from './result.ts';
import { singleStatement } from './single-statement.ts';

const PGBENCH_CLIENTS = 8;
const IN_FLIGHT = 32;
/** Until the code of every process is compiled as in a server that has run for a minute. */
const WARM_UP_CREATES = 4_000;

const GOAL: Goal = {
  goal: 'G1',
  name: 'REST create until the job starts',
  better: 'higher',
  floor: 1,
  target: 1.3,
  against: `pgbench, one statement, ${PGBENCH_CLIENTS} clients`,
  unit: 'VMs/s',
};

export const bench: Bench = {
  goals: ['G1'],
  run: async (context) => {
    const side = await openSide(context);
    const api = await startPart(context, side);
    const single: Sample[] = [];
    const beside = async () => {
      const sample = await side.window(context.windowMs);
      single.push(sample);
      return sample;
    };
    const ratio = await compare({ pairs: context.pairs, ours: () => api.window(context.windowMs), beside });
    context.say(`${api.shares()}; Postgres under pgbench ${Math.round(cpuMicrosPerOp(single))}`);
    return [judge(GOAL, ratio)] satisfies Measured[];
  },
};

interface Side {
  readonly serverUrl: string;
  readonly serverPid: number;
  window(windowMs: number): Promise<Sample>;
}

/** The database that pgbench writes to, with a model machine that the product created. */
async function openSide(context: BenchContext): Promise<Side> {
  const server = await context.postgres();
  const database = await openDatabase(server.url, 'beside');
  const script = await withModel(context, database, singleStatement);
  const pgbench = openPgbench(script);
  context.defer(() => pgbench.remove());
  return {
    serverUrl: server.url,
    serverPid: server.pid,
    window: (windowMs) => pgbenchWindow(pgbench, { url: database.url, serverPid: server.pid }, windowMs),
  };
}

/** The CPU is Postgres' alone, without pgbench's own. */
async function pgbenchWindow(
  pgbench: Pgbench,
  { url, serverPid }: { url: string; serverPid: number },
  windowMs: number,
): Promise<Sample> {
  const seconds = Math.max(1, Math.round(windowMs / 1_000));
  const before = cpuMicrosOf([serverPid]);
  const rate = await pgbench.run({ url, clients: PGBENCH_CLIENTS, seconds });
  return { value: rate, operations: Math.round(rate * seconds), cpuMicros: cpuMicrosOf([serverPid]) - before };
}

/** The API, the relay with its jobs, and the client. */
async function startPart(context: BenchContext, side: Side) {
  const database = await openDatabase(side.serverUrl, 'ours');
  const redis = await startRedis();
  context.defer(() => redis.stop());
  const api = await startApi(context, database.url, database.secretsKey);
  const drain = await startDrain(context, database, redis.url);
  const load = await RestLoad.open(api.url, IN_FLIGHT);
  context.defer(async () => load.close());
  const parts = {
    client: process.pid,
    API: api.pid,
    Postgres: side.serverPid,
    'relay and jobs': drain.pid,
    Redis: redis.pid,
  };
  const used = new Map<string, number>();
  let created = 0;
  let count = 0;
  const next = () => {
    count += 1;
    return creation(database.apiKey, count % PROJECTS, `vm-${count}`);
  };
  const window = async (windowMs: number): Promise<Sample> => {
    const before = { started: drain.started(), at: performance.now(), cpu: cpuOfEach(parts) };
    const accepted = await load.run(windowMs, next);
    await drain.reaches(before.started + accepted);
    const seconds = (performance.now() - before.at) / 1_000;
    const spent = cpuOfEach(parts).map(
      ([name, micros], index) => [name, micros - (before.cpu[index]?.[1] ?? 0)] as const,
    );
    for (const [name, micros] of spent) used.set(name, (used.get(name) ?? 0) + micros);
    created += accepted;
    return {
      value: accepted / seconds,
      operations: accepted,
      cpuMicros: spent.reduce((sum, [, micros]) => sum + micros, 0),
    };
  };
  for (let warm = 0; warm < WARM_UP_CREATES; ) warm += await load.run(context.windowMs, next);
  await drain.reaches(count);
  const shares = () =>
    `CPU of one VM in us: ${[...used].map(([name, micros]) => `${name} ${Math.round(micros / created)}`).join(', ')}`;
  return { window, shares };
}

/** The client's own children are counted as parts of their own. */
function cpuOfEach(parts: Readonly<Record<string, number>>): [string, number][] {
  const all = Object.entries(parts).map(([name, pid]): [string, number] => [name, cpuMicrosOf([pid])]);
  const children = all.slice(1).reduce((sum, [, micros]) => sum + micros, 0);
  return all.map(([name, micros], index) => [name, index === 0 ? micros - children : micros]);
}

async function startDrain(context: BenchContext, database: BenchDatabase, redisUrl: string) {
  const child: ChildProcess = fork(fileURLToPath(new URL('started-jobs.js', import.meta.url)), {
    env: { ...process.env, DATABASE_URL: database.url, REDIS_URL: redisUrl, SECRETS_KEY: database.secretsKey },
  });
  context.defer(() => endChild(child, 'SIGTERM', 10_000));
  let started = 0;
  child.on('message', (jobs: readonly unknown[]) => {
    started += jobs.length;
  });
  await once(child, 'message');
  const reaches = async (count: number) => {
    while (started < count) await once(child, 'message', { signal: AbortSignal.timeout(30_000) });
  };
  return { pid: child.pid ?? 0, started: () => started, reaches };
}
