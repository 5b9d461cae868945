/**
 * G6, the watch: changes delivered to a thousand watchers over REST, one change at a time and many at once, beside a
 * process that writes the same bytes to a thousand bare TCP connections; and what a watcher costs in memory.
 *
 * One at a time includes the way of a change through the database: each is written after all have seen the one before.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { FEED_LOCK } from '@compute/store';
import pg from 'pg';
import { type ApiProcess, type BenchDatabase, openDatabase, PREFIX, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { startChild } from './child.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { creation } from './model-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge, type Measured } from './result.ts';

const WATCHERS = 1_000;
const BURST = 20;
const PATIENCE_MS = 60_000;
const SETTLE_MS = 3_000;

const RATE = { goal: 'G6', better: 'higher', unit: 'deliveries/s', against: 'raw TCP, a write for each' } as const;
const SINGLE: Goal = { ...RATE, name: 'watch, one change at a time', floor: 0.6, target: 0.9 };
const MANY: Goal = { ...RATE, name: `watch, ${BURST} changes at once`, floor: 3, target: 3 };
const MEMORY: Goal = {
  ...{ goal: 'G6', name: 'memory of a watcher', better: 'lower', floor: 24, target: 14, unit: 'KiB' },
  against: '1 KiB',
} as const;

export const bench: Bench = {
  goals: ['G6'],
  run: async (context) => {
    const server = await context.postgres();
    const database = await openDatabase(server.url, 'watch');
    const api = await startApi(context, database.url, database.secretsKey, { MAX_STREAMS_PER_CALLER: '0' });
    const feed = await openFeed(context, api, database);
    await pause(SETTLE_MS);
    const idleKib = residentKib(api.pid);
    const ours = await openReaders(context, Number(new URL(api.url).port), watchRequest(database.apiKey), 'BOOKMARK');
    await pause(SETTLE_MS);
    const kib = (residentKib(api.pid) - idleKib) / WATCHERS;
    const raw = await openRaw(context, feed.frame);
    const window = (changes: number) => ({
      pairs: context.pairs,
      ours: () => delivered(context, ours, api.pid, changes, () => feed.write(changes)),
      beside: () => delivered(context, raw.readers, raw.pid, changes, async () => raw.write(changes)),
    });
    const memory = { ratio: kib, min: kib, max: kib, pairs: 1, ours: kib, beside: 1, cpuMicrosPerOp: 0 };
    return [
      judge(SINGLE, await compare(window(1))),
      judge(MANY, await compare(window(BURST))),
      judge(MEMORY, memory),
    ] satisfies Measured[];
  },
};

interface Readers {
  /** How often a change went by in all of them. */
  seen(): number;
  reach(count: number): Promise<void>;
}

/** Resolves when all of them have received `begun`, or are connected when that is empty. */
async function openReaders(context: BenchContext, port: number, request: string, begun = ''): Promise<Readers> {
  const env = { PORT: String(port), REQUEST: request, WATCHERS: String(WATCHERS), BEGUN: begun };
  const child = await startChild<readonly number[]>(context, 'watchers', env);
  let ready = 0;
  let seen = 0;
  let wake = () => {};
  child.process.on('message', ([connected = 0, count = 0]: readonly number[]) => {
    ready = connected;
    seen = count;
    wake();
  });
  const reach = async (count: number) => {
    const until = performance.now() + PATIENCE_MS;
    while (seen < count) {
      if (performance.now() > until) throw new Error(`${count - seen} changes did not arrive.`);
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), pause(1_000)]);
    }
  };
  const until = performance.now() + PATIENCE_MS;
  while (ready < WATCHERS && performance.now() < until) await pause(50);
  if (ready < WATCHERS) throw new Error(`${WATCHERS - ready} watchers did not begin.`);
  return { seen: () => seen, reach };
}

/** Rounds of so many changes, each until everybody has seen all of it. */
async function delivered(
  context: BenchContext,
  readers: Readers,
  pid: number,
  changes: number,
  write: () => Promise<void>,
): Promise<Sample> {
  const before = { cpu: cpuMicrosOf([pid]), at: performance.now(), seen: readers.seen() };
  while (performance.now() - before.at < context.windowMs) {
    const goal = readers.seen() + changes * WATCHERS;
    await write();
    await readers.reach(goal);
  }
  const seconds = (performance.now() - before.at) / 1_000;
  const operations = readers.seen() - before.seen;
  return { value: operations / seconds, operations, cpuMicros: cpuMicrosOf([pid]) - before.cpu };
}

async function openRaw(context: BenchContext, frame: string) {
  const child = await startChild<number>(context, 'tcp-broadcast', { FRAME: frame });
  const readers = await openReaders(context, child.first, 'watch');
  while ((await child.ask<number>('count')) < WATCHERS) await pause(50);
  return { pid: child.pid, readers, write: (times: number) => void child.process.send(times) };
}

/** Writes changes of one machine as the store does, and tells the API. */
async function openFeed(context: BenchContext, api: ApiProcess, database: BenchDatabase) {
  const load = await RestLoad.open(api.url, 1);
  const answer = await load.one(creation(database.apiKey, 0, 'watched'));
  load.close();
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  context.defer(() => pool.end());
  const text = `insert into change (at, project, kind, uid, name, op, object)
    select now(), project, kind, uid, name, 'MODIFIED', object
    from (select pg_advisory_xact_lock_shared(${FEED_LOCK}) offset 0) as locked,
      (select * from change where name = 'watched' order by seq limit 1) as model, generate_series(1, $1::int)`;
  return {
    frame: `id: 100000\nevent: MODIFIED\ndata: {"type":"MODIFIED","object":${answer.trim()}}\n\n`,
    write: async (changes: number) => {
      await pool.query({ name: 'changes', text, values: [changes] });
      await pool.query(`select pg_notify('compute_hint', 'changes')`);
    },
  };
}

function watchRequest(apiKey: string): string {
  const lines = [`GET /v1/projects/${PREFIX}0/watch HTTP/1.1`, 'host: bench', `authorization: Bearer ${apiKey}`];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Physical memory of a process. */
function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
