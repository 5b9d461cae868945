import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { testRedis } from '@compute/test-services';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Poke } from './poke.ts';
import { openQueue, type ReconcileQueue } from './reconcile-queue.ts';

let redisUrl: string;
const open: ReconcileQueue[] = [];

beforeAll(async () => {
  redisUrl = (await testRedis()).url;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.close(0)));
});

async function newQueue(prefix: string = randomUUID()): Promise<ReconcileQueue> {
  const queue = await openQueue({ redisUrl, prefix });
  open.push(queue);
  return queue;
}

const disk = (uid: string): Poke => ({ kind: 'VMDisk', uid });

/** A handler that stops at a gate for each poke: the test sees the poke start and decides when it ends. */
function gatedHandler() {
  const started: { poke: Poke; finish: () => void }[] = [];
  const waiting: ((run: { poke: Poke; finish: () => void }) => void)[] = [];
  const handler = (poke: Poke) =>
    new Promise<void>((finish) => {
      const run = { poke, finish };
      const next = waiting.shift();
      if (next) next(run);
      else started.push(run);
    });
  const nextRun = () => {
    const run = started.shift();
    return run ? Promise.resolve(run) : new Promise<{ poke: Poke; finish: () => void }>((take) => waiting.push(take));
  };
  return { handler, nextRun, unclaimed: started };
}

test('a poke carries kind, uid and trace context to the handler', async () => {
  const queue = await newQueue();
  const { handler, nextRun } = gatedHandler();
  queue.work(handler, { concurrency: 1 });
  const poke: Poke = {
    kind: 'VMInstance',
    uid: 'a',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  await queue.send([poke]);
  const run = await nextRun();
  expect(run.poke).toEqual(poke);
  run.finish();
});

test('any number of pokes during a run cause exactly one more run', async () => {
  const queue = await newQueue();
  const { handler, nextRun, unclaimed } = gatedHandler();
  queue.work(handler, { concurrency: 4 });
  await queue.send([disk('a')]);
  const first = await nextRun();
  for (let round = 0; round < 5; round += 1) await queue.send([disk('a'), disk('a')]);
  expect(await queue.depth()).toMatchObject({ active: 1, waiting: 0 });
  first.finish();
  const second = await nextRun();
  await queue.send([disk('marker')]);
  const marker = await nextRun();
  expect(marker.poke.uid).toBe('marker');
  second.finish();
  marker.finish();
  await vi.waitFor(async () => expect(await queue.depth()).toMatchObject({ active: 0, waiting: 0 }));
  expect(unclaimed).toHaveLength(0);
});

test('pokes that wait are merged, and pokes of other keys are not held up', async () => {
  const queue = await newQueue();
  await queue.send([disk('a'), disk('a'), disk('b')]);
  await queue.send([disk('a')]);
  expect(await queue.depth()).toMatchObject({ waiting: 2 });
  const { handler, nextRun } = gatedHandler();
  queue.work(handler, { concurrency: 2 });
  const runs = [await nextRun(), await nextRun()];
  expect(runs.map((run) => run.poke.uid).sort()).toEqual(['a', 'b']);
  for (const run of runs) run.finish();
});

test('under a storm of pokes the last version of each key is seen and no key runs twice at once', async () => {
  const prefix = randomUUID();
  const queues = [await newQueue(prefix), await newQueue(prefix)];
  const wanted = new Map<string, number>();
  const seen = new Map<string, number>();
  const running = new Set<string>();
  let overlaps = 0;
  const handler = async ({ uid }: Poke) => {
    if (running.has(uid)) overlaps += 1;
    running.add(uid);
    const version = wanted.get(uid) ?? 0;
    await new Promise(setImmediate);
    seen.set(uid, version);
    running.delete(uid);
  };
  for (const queue of queues) queue.work(handler, { concurrency: 8 });
  const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
  for (let round = 1; round <= 100; round += 1) {
    for (const key of keys) wanted.set(key, round);
    await Promise.all(keys.map((key, index) => queues[index % 2]?.send([disk(key)])));
  }
  await vi.waitFor(() => expect(seen).toEqual(wanted), { timeout: 10_000 });
  expect(overlaps).toBe(0);
});

test('a handler that throws ends its poke, tells the error, and a later poke runs again', async () => {
  const errors: Error[] = [];
  const queue = await openQueue({ redisUrl, prefix: randomUUID(), onError: (error) => errors.push(error) });
  open.push(queue);
  let runs = 0;
  queue.work(
    async () => {
      runs += 1;
      throw new Error('broken');
    },
    { concurrency: 1 },
  );
  await queue.send([disk('a')]);
  await vi.waitFor(() => expect(errors.map((error) => error.message)).toEqual(['broken']));
  await queue.send([disk('a')]);
  await vi.waitFor(() => expect(runs).toBe(2));
});

test('finished pokes leave nothing behind in Redis', async () => {
  const prefix = randomUUID();
  const queue = await newQueue(prefix);
  const done = new Set<string>();
  queue.work(async ({ uid }) => void done.add(uid), { concurrency: 16 });
  for (let batch = 0; batch < 5; batch += 1) {
    await queue.send(Array.from({ length: 100 }, (_, index) => disk(`${batch}-${index}`)));
  }
  await vi.waitFor(() => expect(done.size).toBe(500));
  const redis = new Redis(redisUrl);
  await vi.waitFor(async () => expect((await redis.keys(`${prefix}:*`)).length).toBeLessThanOrEqual(6));
  expect(await redis.xlen(`${prefix}:reconcile:events`)).toBeLessThan(400);
  redis.disconnect();
});

test('depth tells how many wait and how long the oldest has waited', async () => {
  const queue = await newQueue();
  expect(await queue.depth()).toEqual({ waiting: 0, active: 0, oldestAgeMs: 0 });
  await queue.send([disk('a')]);
  await vi.waitFor(async () => expect((await queue.depth()).oldestAgeMs).toBeGreaterThan(5));
  await queue.send([disk('b')]);
  const depth = await queue.depth();
  expect(depth.waiting).toBe(2);
  expect(depth.oldestAgeMs).toBeGreaterThan(5);
});

test('close waits for the running poke, but no longer than the grace', async () => {
  const queue = await newQueue();
  const { handler, nextRun } = gatedHandler();
  const worker = queue.work(handler, { concurrency: 1 });
  await queue.send([disk('a')]);
  const run = await nextRun();
  let closed = false;
  const closing = worker.close(20_000).then(() => {
    closed = true;
  });
  await new Promise(setImmediate);
  expect(closed).toBe(false);
  run.finish();
  await closing;

  const stuck = queue.work(handler, { concurrency: 1 });
  await queue.send([disk('b')]);
  const held = await nextRun();
  await stuck.close(50);
  held.finish();
});

test('a Redis older than 6.2 is refused in one sentence', async () => {
  const info = 'redis_version:6.0.16\r\nloading:0\r\n';
  const reply = `$${info.length}\r\n${info}\r\n`;
  const old = createServer((socket) =>
    socket.on('data', (sent) => socket.write(reply.repeat(String(sent).match(/^\*\d/gm)?.length ?? 0))),
  );
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
  const address = old.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const opening = openQueue({ redisUrl: `redis://127.0.0.1:${port}` });
  await expect(opening).rejects.toThrow('Redis 6.0.16 is too old: 6.2 or newer is needed');
  old.close();
});
