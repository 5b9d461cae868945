import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, type TestStore } from './fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

test('one leads at a time; when it ends, the other does', async () => {
  const never = new AbortController().signal;
  const log: string[] = [];
  const leading = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const first = it.store.withLeadership(
    'clock',
    async () => {
      log.push('first begins');
      leading.resolve();
      await release.promise;
      log.push('first ends');
    },
    never,
  );
  await leading.promise;
  const second = it.store.withLeadership('clock', async () => void log.push('second'), never);
  await it.store.withLeadership('other name', async () => void log.push('other'), never);
  release.resolve();
  await Promise.all([first, second]);
  expect(log).toEqual(['first begins', 'other', 'first ends', 'second']);
});

test('a leader whose session ends is told', async () => {
  const told = it.store.withLeadership(
    'cut',
    async (signal) => {
      const lost = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await it.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_try_advisory_lock%' and pid <> pg_backend_pid()`,
      );
      await lost;
    },
    new AbortController().signal,
  );
  await told;
});

test('who waits for its turn stops waiting with its signal', async () => {
  const hold = new AbortController();
  const leading = Promise.withResolvers<void>();
  const untilAborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      leading.resolve();
    });
  const holder = it.store.withLeadership('held', untilAborted, hold.signal);
  await leading.promise;
  const waiter = new AbortController();
  const waiting = it.store.withLeadership('held', () => expect.unreachable('it never leads'), waiter.signal);
  waiter.abort();
  await waiting;
  hold.abort();
  await holder;
});
