/** What happens to pokes when a worker process is killed, and when Redis is emptied, stopped or restarted. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isFault } from '@compute/domain';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { InterruptibleRedis } from './fixtures/interruptible-redis.ts';
import type { Poke } from './poke.ts';
import { openQueue, type ReconcileQueue } from './reconcile-queue.ts';

let server: InterruptibleRedis;
const open: ReconcileQueue[] = [];

beforeAll(async () => {
  server = await InterruptibleRedis.start();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.close(0)));
});
afterAll(() => server.stop());

async function newQueue(prefix: string = randomUUID()): Promise<ReconcileQueue> {
  const queue = await openQueue({ redisUrl: server.url, prefix });
  open.push(queue);
  return queue;
}

const disk = (uid: string): Poke => ({ kind: 'VMDisk', uid });

test('a poke held by a worker that is killed is taken over within 6 s', async () => {
  const prefix = randomUUID();
  const queue = await newQueue(prefix);
  const script = fileURLToPath(new URL('./fixtures/stuck-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', script, server.url, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await queue.send([disk('held')]);
  const [line] = await once(child.stdout, 'data');
  expect(String(line).trim()).toBe('held');
  // Pokes that arrive meanwhile are merged into one that must survive as well.
  await queue.send([disk('held')]);

  const runs: string[] = [];
  const twice = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const worker = queue.work(
    async ({ uid }) => {
      runs.push(uid);
      first.resolve();
      if (runs.length === 2) twice.resolve();
    },
    { concurrency: 1 },
  );
  await worker.ready();
  child.kill('SIGKILL');
  const killedAt = performance.now();
  await first.promise;
  expect(performance.now() - killedAt).toBeLessThan(6_000);
  await twice.promise;
  expect(runs).toEqual(['held', 'held']);
});

test('after FLUSHALL the workers go on, also with a key that was running', async () => {
  const queue = await newQueue();
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const runs: string[] = [];
  queue.work(
    async ({ uid }) => {
      runs.push(uid);
      if (runs.length > 1) return;
      started.resolve();
      await gate.promise;
    },
    { concurrency: 4 },
  );
  await queue.send([disk('a')]);
  await started.promise;
  await server.run((redis) => redis.flushall());
  await queue.send([disk('b')]);
  await vi.waitFor(() => expect(runs).toEqual(['a', 'b']), { timeout: 8_000 });
  gate.resolve();
  await queue.send([disk('a')]);
  await vi.waitFor(() => expect(runs).toEqual(['a', 'b', 'a']), { timeout: 8_000 });
});

test('while Redis is down a send fails within seconds, and workers go on after its restart', async () => {
  const queue = await newQueue();
  const runs: string[] = [];
  const worker = queue.work(async ({ uid }) => void runs.push(uid), { concurrency: 4 });
  await worker.ready();
  await queue.send([disk('before')]);
  await vi.waitFor(() => expect(runs).toEqual(['before']));

  await server.interrupt();
  const failedAt = performance.now();
  const failure = await queue.send([disk('lost')]).catch((error: unknown) => error);
  expect(isFault(failure, 'Unavailable')).toBe(true);
  expect(performance.now() - failedAt).toBeLessThan(6_000);

  await server.restart();
  await vi.waitFor(() => queue.send([disk('after')]), { timeout: 10_000, interval: 100 });
  await vi.waitFor(() => expect(runs).toContain('after'), { timeout: 15_000 });
});

test('everything is sent again once after Redis was emptied, and not while it keeps what it has', async () => {
  const prefix = randomUUID();
  const queues = [await newQueue(prefix), await newQueue(prefix)] as const;
  let sent = 0;
  const sendAll = async () => {
    sent += 1;
  };
  expect(await queues[0].restoreIfLost(sendAll)).toBe('restored');
  expect(await queues[0].restoreIfLost(sendAll)).toBe('kept');
  expect(await queues[1].restoreIfLost(sendAll)).toBe('kept');
  expect(sent).toBe(1);
  await server.run((redis) => redis.flushall());
  const states = await Promise.all(queues.map((queue) => queue.restoreIfLost(sendAll)));
  expect(states).toContain('restored');
  expect(sent).toBe(2);
  expect(await queues[1].restoreIfLost(sendAll)).toBe('kept');
});

test('what is lost while everything is sent again is noticed as well', async () => {
  const queue = await newQueue();
  const flush = async () => void (await server.run((redis) => redis.flushall()));
  expect(await queue.restoreIfLost(flush)).toBe('lost-again');
  expect(await queue.restoreIfLost(async () => undefined)).toBe('restored');
});

test('a server that takes the place of another is not trusted to know what that one knew', async () => {
  const prefix = randomUUID();
  const queue = await newQueue(prefix);
  await queue.restoreIfLost(async () => undefined);
  const key = `${prefix}:reconcile-run`;
  await server.run((redis) => redis.set(key, 'run-of-another-server'));
  expect(await queue.restoreIfLost(async () => undefined)).toBe('restored');
});
