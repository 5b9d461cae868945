/**
 * G4 and G16: how long it takes from the acceptance of a wish until a worker's job for it starts, with the product's store,
 * relay and queue.
 *
 * G4 at a steady rate, beside what it is made of: a durable commit and BullMQ's way from add to start. G16 for a small
 * tenant while another floods, beside the same small tenant alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endChild, startRedis } from '@compute/dev-stack';
import { openQueue } from '@compute/queue';
import { migrate, openStore, type Store } from '@compute/store';
import pg from 'pg';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { newMachine } from './new-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge, type Measured } from './result.ts';

const STEADY_PER_SECOND = 200;
const SMALL_PER_SECOND = 50;
const FLOOD = 10_000;
/** What a look at a resource takes, so that a flood has to wait for something. */
const FLOODED_JOB_MS = 5;
const PATIENCE_MS = 120_000;

const LATENCY = { better: 'lower', unit: 'ms' } as const;
const G4_BESIDE = 'commit p50 + BullMQ add to start p50';
const G4_P50: Goal = {
  ...LATENCY,
  goal: 'G4',
  name: 'accepted to started p50',
  floor: 3,
  target: 2,
  against: G4_BESIDE,
};
const G4_P99: Goal = {
  ...LATENCY,
  goal: 'G4',
  name: 'accepted to started p99',
  floor: 12,
  target: 6,
  against: G4_BESIDE,
};
const G16: Goal = {
  ...LATENCY,
  goal: 'G16',
  name: 'small tenant p99 during a flood',
  floor: 5,
  target: 2,
  against: 'the same without a flood',
};

export const bench: Bench = {
  goals: ['G4', 'G16'],
  run: async (context) => {
    const side = await openSide(context);
    return [...(await steady(context, side)), ...(await flooded(context, side))];
  },
};

interface Side {
  readonly store: Store;
  readonly env: Readonly<Record<string, string>>;
  readonly redisUrl: string;
  readonly pool: pg.Pool;
}

async function openSide(context: BenchContext): Promise<Side> {
  const server = await context.postgres();
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  await admin.query('create database fairness');
  await admin.end();
  const database = new URL(server.url);
  database.pathname = '/fairness';
  await migrate(database.href);
  const secretsKey = randomBytes(32).toString('base64');
  const store = await openStore({
    databaseUrl: database.href,
    secretsKey,
    applicationName: 'bench',
    quotaDefaults: {},
  });
  context.defer(() => store.close());
  for (const project of ['steady', 'small', 'flood']) await store.createProject(project);
  const redis = await startRedis();
  context.defer(() => redis.stop());
  const pool = new pg.Pool({ connectionString: database.href, max: 4 });
  await pool.query('create table plain_commit (id bigint generated always as identity, at timestamptz default now())');
  context.defer(() => pool.end());
  const env = { DATABASE_URL: database.href, REDIS_URL: redis.url, SECRETS_KEY: secretsKey };
  return { store, env, redisUrl: redis.url, pool };
}

async function steady(context: BenchContext, side: Side): Promise<Measured[]> {
  const jobs = await startJobs(context, side, 0);
  const goals = [
    [G4_P50, 0.5],
    [G4_P99, 0.99],
  ] as const;
  const measured: Measured[] = [];
  for (const [goal, share] of goals) {
    const ours = () =>
      latency(side.store, jobs, { project: 'steady', perSecond: STEADY_PER_SECOND, windowMs: context.windowMs, share });
    const beside = async () =>
      sample((await commitMs(side.pool, context.windowMs)) + (await addToStartMs(side, context.windowMs)));
    measured.push(judge(goal, await compare({ pairs: context.pairs, ours, beside })));
  }
  await jobs.stop();
  return measured;
}

async function flooded(context: BenchContext, side: Side): Promise<Measured[]> {
  const jobs = await startJobs(context, side, FLOODED_JOB_MS);
  const flood = await startChild(context, 'flood.js', { ...side.env, PROJECT: 'flood' });
  const window = {
    project: 'small',
    perSecond: SMALL_PER_SECOND,
    windowMs: Math.max(context.windowMs, 2_000),
    share: 0.99,
  };
  const beside = () => latency(side.store, jobs, window);
  const ours = async () => {
    const flooding = once(flood, 'message');
    flood.send(FLOOD);
    const measured = await latency(side.store, jobs, window);
    await flooding;
    await jobs.quiet(side.pool);
    return measured;
  };
  return [judge(G16, await compare({ pairs: context.pairs, ours, beside }))];
}

interface Jobs {
  readonly pid: number;
  /** When the job of a resource started; resolves once it has. */
  startedAt(uid: string): Promise<number>;
  /** Resolves when nothing waits in the outbox. */
  quiet(pool: pg.Pool): Promise<void>;
  stop(): Promise<void>;
}

async function startJobs(context: BenchContext, side: Side, jobMs: number): Promise<Jobs> {
  const child = await startChild(context, 'started-jobs.js', { ...side.env, JOB_MS: String(jobMs) });
  const known = new Map<string, number>();
  const waiting = new Map<string, (atMs: number) => void>();
  child.on('message', (started: [string, number][]) => {
    for (const [uid, atMs] of started) {
      if (!known.has(uid)) known.set(uid, atMs);
      waiting.get(uid)?.(atMs);
    }
  });
  return {
    pid: child.pid ?? 0,
    startedAt: (uid) => {
      const atMs = known.get(uid);
      return atMs === undefined ? new Promise((resolve) => waiting.set(uid, resolve)) : Promise.resolve(atMs);
    },
    quiet: async (pool) => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const { rows } = await pool.query<{ left: boolean }>('select exists (select 1 from outbox) as left');
        if (rows[0]?.left !== true) return;
        if (performance.now() > deadline) throw new Error('The flood was not worked off.');
        await pause(50);
      }
    },
    stop: () => endChild(child, 'SIGTERM', 5_000),
  };
}

async function startChild(
  context: BenchContext,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), { env: { ...process.env, ...env } });
  context.defer(() => endChild(child, 'SIGTERM', 5_000));
  await once(child, 'message');
  return child;
}

interface LatencyWindow {
  readonly project: string;
  readonly perSecond: number;
  readonly windowMs: number;
  /** 0.99 for p99. */
  readonly share: number;
}

/** The time from acceptance to the start of the job, at a steady rate. */
async function latency(
  store: Store,
  jobs: Jobs,
  { project, perSecond, windowMs, share }: LatencyWindow,
): Promise<Sample> {
  const cpuBefore = cpuMicrosOf([process.pid]);
  const times = await atRate(perSecond, windowMs, async () => {
    const { resource } = await store.create(newMachine(project, `vm-${randomUUID()}`));
    const acceptedAt = performance.timeOrigin + performance.now();
    // A job may start before the answer is read; that counts as no time at all.
    return Math.max(0.01, (await jobs.startedAt(resource.uid)) - acceptedAt);
  });
  return { value: quantile(times, share), operations: times.length, cpuMicros: cpuMicrosOf([process.pid]) - cpuBefore };
}

async function commitMs(pool: pg.Pool, windowMs: number): Promise<number> {
  const times = await atRate(STEADY_PER_SECOND, windowMs / 2, () =>
    timed(() => pool.query('insert into plain_commit default values')),
  );
  return quantile(times, 0.5);
}

async function addToStartMs({ redisUrl }: Side, windowMs: number): Promise<number> {
  const queue = await openQueue({ redisUrl, prefix: `bench-${randomUUID().slice(0, 8)}` });
  const starts = new Map<string, () => void>();
  const worker = queue.work(async ({ uid }) => starts.get(uid)?.(), { concurrency: 32 });
  await worker.ready();
  const times = await atRate(STEADY_PER_SECOND, windowMs / 2, () =>
    timed(async () => {
      const uid = randomUUID();
      const started = new Promise<void>((resolve) => starts.set(uid, resolve));
      await queue.send([{ kind: 'VMDisk', uid }]);
      await started;
    }),
  );
  await queue.close();
  return quantile(times, 0.5);
}

async function timed(step: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await step();
  return performance.now() - startedAt;
}

/** Runs a step so often a second, whether or not the ones before have ended; resolves to what all of them gave. */
async function atRate<T>(perSecond: number, windowMs: number, step: () => Promise<T>): Promise<T[]> {
  const running: Promise<T>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < (perSecond * windowMs) / 1_000; index += 1) {
    const dueInMs = startedAt + (index * 1_000) / perSecond - performance.now();
    if (dueInMs > 0) await pause(dueInMs);
    running.push(step());
  }
  return Promise.all(running);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function sample(value: number): Sample {
  return { value, operations: 0, cpuMicros: 0 };
}
