import type { Fault } from '@compute/domain';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, newVm, openTestStore, PROJECT, seenVm, type TestStore, USER } from '../fixtures/open-test-store.ts';
import type { Change, Subscription } from '../records.ts';
import type { Store } from '../store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
  await it.store.createProject('other');
});
afterAll(() => it.close());

/** Reads until `count` changes came. */
async function take(subscription: Subscription, count: number): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of subscription) if (changes.push(change) === count) break;
  return changes;
}

const seqs = (changes: readonly Change[]): string[] => changes.map(({ seq }) => seq);

/** Each change is written with its own number: all of them in order, past the store. */
const allSeqs = async (after: string) =>
  (await it.sql<{ seq: string }>('select seq::text from change where seq > $1 order by change.seq', [after])).map(
    ({ seq }) => seq,
  );

test('16 concurrent writers and a foreign open transaction: nothing is lost, nothing comes twice, and nobody waits', async () => {
  const after = await it.store.feedPosition();
  const foreign = new pg.Client({ connectionString: it.databaseUrl });
  await foreign.connect();
  // Takes a number of the feed's own sequence and does not end: with a naive cursor everything would wait for it.
  await foreign.query(`begin; select nextval('change_seq_seq'); select pg_current_xact_id()`);
  const other = await it.another();
  const readers = [it.store, other, other].map((store) => store.subscribe({ after }));
  const paged = pageThrough(other, after, 640);
  const writes = writeFrom16([it.store, other], 20);
  const read = await Promise.all(readers.map((reader) => take(reader, 640)));
  await writes;
  await foreign.query('rollback');
  await foreign.end();
  const expected = await allSeqs(after);
  expect(expected).toHaveLength(640);
  for (const changes of read) expect(seqs(changes)).toEqual(expected);
  expect(await paged).toEqual(expected);
});

/** 16 writers, each making `count` resources and reporting on each: two changes a round. */
async function writeFrom16(stores: readonly [Store, Store], count: number): Promise<void> {
  const writer = async (id: number): Promise<void> => {
    const store = stores[id % 2 === 0 ? 0 : 1];
    for (let index = 0; index < count; index += 1) {
      const { resource } = await store.create(newVm(`w${id}-${index}`));
      await store.observe(seenVm(resource, 'Running'));
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, id) => writer(id)));
}

/** A reader that polls pages while the writers write, as over REST. */
async function pageThrough(store: Store, from: string, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let after = from; seen.length < count; after = seen.at(-1) ?? from)
    seen.push(...seqs(await store.changes({ after, limit: 50 })));
  return seen;
}

test('a subscriber sees its project and kinds only, and its position moves on with all', async () => {
  const after = await it.store.feedPosition();
  const subscription = it.store.subscribe({ after, project: 'other', kinds: ['VMDisk'] });
  const reading = take(subscription, 1);
  await it.store.create(newDisk('here'));
  await it.store.create(newVm('there', {}, { project: 'other' }));
  await it.store.create(newDisk('there', {}, { project: 'other' }));
  expect((await reading).map(({ op, kind, project, name }) => ({ op, kind, project, name }))).toEqual([
    { op: 'ADDED', kind: 'VMDisk', project: 'other', name: 'there' },
  ]);
  expect(subscription.position).toBe(await it.store.feedPosition());
});

test('a change carries the resource as it then stood, with its secrets for those who may read them', async () => {
  const after = await it.store.feedPosition();
  const { resource } = await it.store.create(newVm('carried', { cloudInit: 'secret' }));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  const changes = await it.store.changes({ after, limit: 10 });
  expect(changes.map((change) => change.resource)).toEqual([resource, running]);
});

test('a deletion brings the last state', async () => {
  const { resource } = await it.store.create(newVm('leaves'));
  const target = { uid: resource.uid, project: resource.project };
  const { resource: deleting } = await it.store.requestDeletion({ actor: USER, requestId: 'r', target });
  const after = await it.store.feedPosition();
  await it.store.remove({ actor: USER, uid: resource.uid, loaded: deleting });
  const [change] = await it.store.changes({ after, limit: 10 });
  expect(change).toMatchObject({ op: 'DELETED', name: 'leaves', resource: { phase: 'Deleting' } });
  expect(change?.resource.resourceVersion).toBe(change?.seq);
});

test('a subscription that begins far back catches up from the database and goes on with the tail', async () => {
  const store = await it.another();
  const expected = await allSeqs('0');
  const subscription = store.subscribe({ after: '0' });
  const reading = take(subscription, expected.length + 1);
  await it.store.create(newVm('newest'));
  expect(seqs(await reading)).toEqual(await allSeqs('0'));
});

test('a position whose changes are no longer kept is refused, a later one is served', async () => {
  const own = await openTestStore();
  const before = await own.store.feedPosition();
  await own.store.create(newVm('old'));
  const between = await own.store.feedPosition();
  // As if the day were long over: everything so far lies in a partition that ended.
  await own.store.dropPartitions({
    changes: new Date(Date.now() + 2 * 86_400_000),
    history: new Date(0),
    states: new Date(0),
  });
  await own.store.create(newVm('new'));
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'served',
      (fault: Fault) => fault.code,
    );
  expect(await codeOf(own.store.changes({ after: before, limit: 10 }))).toBe('CursorTooOld');
  expect(await codeOf(take(own.store.subscribe({ after: before }), 1))).toBe('CursorTooOld');
  expect((await own.store.changes({ after: between, limit: 10 })).map(({ name }) => name)).toEqual(['new']);
  await own.close();
});

test('a subscription ends with its signal, and with the store', async () => {
  const store = await it.another();
  const signal = new AbortController();
  const aborted = take(store.subscribe({ signal: signal.signal }), 1);
  const closed = take(store.subscribe({}), 1);
  signal.abort();
  expect(await aborted).toEqual([]);
  await store.close();
  expect(await closed).toEqual([]);
});

test('a cursor that is not one of ours is refused at once', () => {
  expect(() => it.store.subscribe({ after: 'yesterday' })).toThrow('not one of ours');
});

test('another process is told of a write without polling', async () => {
  const other = await it.another();
  const heard = Promise.withResolvers<void>();
  const stop = other.onHint('outbox', () => heard.resolve());
  await it.store.create(newVm('hinted'));
  await heard.promise;
  stop();
});

test('a listener whose connection is lost comes back by itself', async () => {
  const faults: unknown[] = [];
  const other = await it.another({ applicationName: 'to-be-cut', onError: (fault) => faults.push(fault) });
  const heard = Promise.withResolvers<void>();
  const listening = `application_name = 'to-be-cut' and query like 'listen%' and state = 'idle'`;
  const [cut] = await it.sql<{ pid: number }>(
    `select pid, pg_terminate_backend(pid) from pg_stat_activity where ${listening}`,
  );
  const back = `select pid from pg_stat_activity where ${listening} and pid <> $1`;
  await expect.poll(async () => (await it.sql(back, [cut?.pid])).length, { timeout: 20_000 }).toBe(1);
  other.onHint('changes', () => heard.resolve());
  await it.store.create(newVm('after-the-cut'));
  await heard.promise;
  expect(faults.length).toBeGreaterThan(0);
});

test('the reader of a page never sees an end beyond what is settled', async () => {
  const after = await it.store.feedPosition();
  expect(await it.store.changes({ after, limit: 10 })).toEqual([]);
  await it.store.create(newVm('settled'));
  expect((await it.store.changes({ after, limit: 10, project: PROJECT })).map(({ name }) => name)).toEqual(['settled']);
});
