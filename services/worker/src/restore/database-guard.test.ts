import { expect, test } from 'vitest';
import { createDatabaseGuard, type DatabaseState, lookAtDatabase, waitForDatabase } from './database-guard.ts';

interface World {
  held: boolean;
  epoch: number;
  position: number;
  seen: { epoch: number; position: number } | undefined;
}

function world(change: Partial<World> = {}) {
  const it: World = { held: false, epoch: 1, position: 10, seen: undefined, ...change };
  const store = { restores: { lineage: async () => ({ id: 'database', ...it }) } };
  const cluster = {
    seenOfDatabase: async () => it.seen,
    rememberDatabase: async (_id: string, mark: NonNullable<World['seen']>) => {
      it.seen = { epoch: mark.epoch, position: mark.position };
    },
  };
  return { it, ports: { store, cluster } };
}

test.each<[string, Partial<World>, DatabaseState]>([
  ['was never seen', {}, 'current'],
  ['has come further', { seen: { epoch: 1, position: 9 } }, 'current'],
  ['stands where it stood', { seen: { epoch: 1, position: 10 } }, 'current'],
  ['lacks what was seen of it', { seen: { epoch: 1, position: 11 } }, 'behind'],
  ['was restored once more, to before the last restore', { seen: { epoch: 2, position: 1 } }, 'behind'],
  ['was restored in order', { epoch: 2, seen: { epoch: 1, position: 11 } }, 'current'],
  ['is being worked at', { held: true }, 'held'],
])('a database that %s', async (_what, change, state) => {
  const { it, ports } = world(change);
  const before = it.seen;
  expect(await lookAtDatabase(ports)).toBe(state);
  // Only what is well is told to the cluster.
  expect(it.seen).toEqual(state === 'current' ? { epoch: it.epoch, position: it.position } : before);
});

test('another worker that tells of a later position meanwhile does not make the database look old', async () => {
  const { it, ports } = world();
  const seenOfDatabase = async () => {
    it.position += 5;
    return { epoch: 1, position: it.position };
  };
  expect(await lookAtDatabase({ ...ports, cluster: { ...ports.cluster, seenOfDatabase } })).toBe('current');
});

test('a worker waits until an operator has decided, and says why', async () => {
  const { it, ports } = world({ seen: { epoch: 1, position: 11 } });
  const told: string[] = [];
  const onWaiting = (state: string): void => {
    told.push(state);
    it.epoch = 2;
  };
  await waitForDatabase({ ...ports, onWaiting, isStopping: () => false });
  expect(told).toEqual(['behind']);
  await expect(waitForDatabase({ ...ports, onWaiting, isStopping: () => true })).rejects.toThrow('stopped');
});

test('a worker that runs hears that its database was replaced', async () => {
  const { it, ports } = world();
  const heard = Promise.withResolvers<DatabaseState>();
  const guard = createDatabaseGuard({ ...ports, onReplaced: heard.resolve, onError: () => undefined, everyMs: 1 });
  guard.start();
  await expect.poll(() => it.seen?.position).toBe(10);
  it.position = 5;
  expect(await heard.promise).toBe('behind');
  await guard.stop();
});
