import type { Fault, ImportProgress } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenDisk,
  seenVm,
  type TestStore,
  versions,
  WORKER,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (fault: Fault) => fault.code,
  );

async function historyOf(uid: string): Promise<string[]> {
  const { items } = await it.store.history({ project: PROJECT, uid, limit: 100 });
  return items.toReversed().map(({ type, from, to }) => `${type} ${from ?? '-'} ${to}`);
}

test('a report changes phase and conditions, with a line of history for each', async () => {
  const { resource } = await it.store.create(newVm('reported'));
  const running = await it.store.observe(seenVm(resource, 'Running'));
  expect(running).toMatchObject({
    outcome: 'changed',
    resource: { phase: 'Running', statusVersion: 2, specVersion: 1 },
  });
  const stopped = await it.store.observe(seenVm(running.resource, 'Stopped', { conditions: [] }));
  expect(stopped.resource.status.conditions).toEqual([]);
  expect(await historyOf(resource.uid)).toEqual([
    'Phase - Pending',
    ...['Ready - True', 'SpecApplied - True', 'Phase Pending Running'],
    ...['Ready True Unknown', 'SpecApplied True Unknown', 'Phase Running Stopped'],
  ]);
});

test('a condition keeps the time of its transition while its status stays', async () => {
  const { resource } = await it.store.create(newVm('steady'));
  const first = await it.store.observe(seenVm(resource, 'Running'));
  const reworded = [{ type: 'Ready', status: 'True', reason: 'Other', message: 'in other words' }] as const;
  const second = await it.store.observe(seenVm(first.resource, 'Running', { conditions: reworded }));
  const before = first.resource.status.conditions[0];
  expect(second.resource.status.conditions).toEqual([{ ...before, reason: 'Other', message: 'in other words' }]);
});

test('of many reports on the same versions exactly one wins', async () => {
  const { resource } = await it.store.create(newVm('contended'));
  const other = await it.another();
  const reports = Array.from({ length: 10 }, (_, index) =>
    codeOf((index % 2 ? it.store : other).observe(seenVm(resource, 'Running', { message: `report ${index}` }))),
  );
  const codes = await Promise.all(reports);
  expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
  expect(codes.filter((code) => code === 'Stale')).toHaveLength(9);
  expect((await historyOf(resource.uid)).filter((line) => line.startsWith('Phase'))).toHaveLength(2);
});

test('a report that says nothing new only moves the next look', async () => {
  const { resource } = await it.store.create(newVm('quiet'));
  const seen = await it.store.observe(seenVm(resource, 'Running', { nextLookAfterMs: 1_000 }));
  const again = await it.store.observe(seenVm(seen.resource, 'Running', { nextLookAfterMs: 60_000, attempts: 2 }));
  expect(again).toEqual({ outcome: 'unchanged', resource: seen.resource });
  const loaded = await it.store.load(resource.uid);
  expect(loaded).toMatchObject({ resource: seen.resource, attempts: 2 });
  expect(loaded?.nextLookAt?.getTime()).toBeGreaterThan(Date.now() + 50_000);
});

test('a step that the lifecycle does not know is refused', async () => {
  const { resource } = await it.store.create(newDisk('odd'));
  const { resource: ready } = await it.store.observe(seenDisk(resource, 'Ready'));
  expect(await codeOf(it.store.observe(seenDisk(ready, 'Importing')))).toBe('Internal');
});

test('the time of a change is moved into the span from the previous one to now', async () => {
  const { resource } = await it.store.create(newVm('timed'));
  const early = await it.store.observe(seenVm(resource, 'Running', { happenedAt: new Date(0) }));
  expect(early.resource.phaseSince).toEqual(resource.phaseSince);
  const future = new Date(Date.now() + 3_600_000);
  const late = await it.store.observe(seenVm(early.resource, 'Stopped', { happenedAt: future }));
  expect(late.resource.phaseSince.getTime()).toBeLessThan(Date.now() + 5_000);
});

test('an operation ends when the resource settles, with the failure if it failed', async () => {
  const good = await it.store.create(newDisk('good'));
  await it.store.observe(seenDisk(good.resource, 'Ready'));
  const done = await it.store.waitOperation(good.operationId, 1_000);
  expect(done?.doneAt).toBeInstanceOf(Date);
  expect(done?.error).toBeUndefined();
  const bad = await it.store.create(newDisk('bad'));
  const failure = { code: 'SourceNotFound', message: 'No such host.', remedy: 'Check the URL.', retryable: false };
  const failed = await it.store.observe(seenDisk(bad.resource, 'Failed', { failure }));
  expect(failed.resource.status.failure).toMatchObject({ ...failure, since: expect.any(String) });
  expect((await it.store.operation(bad.operationId))?.error).toEqual(failure);
});

test('waiting for an operation ends when another process finishes it', async () => {
  const other = await it.another();
  const { resource, operationId } = await it.store.create(newDisk('awaited'));
  const started = Date.now();
  const waiting = other.waitOperation(operationId, 10_000);
  await it.store.observe(seenDisk(resource, 'Ready'));
  expect((await waiting)?.doneAt).toBeInstanceOf(Date);
  expect(Date.now() - started).toBeLessThan(5_000);
  const open = await it.store.create(newDisk('never-done'));
  expect((await other.waitOperation(open.operationId, 30))?.doneAt).toBeUndefined();
});

test('a disk whose phase changes wakes the VMs that name it', async () => {
  const disk = await it.store.create(newDisk('waking'));
  const vm = await it.store.create(newVm('woken', { disks: ['waking'] }));
  await it.sql('delete from outbox');
  await it.store.observe(seenDisk(disk.resource, 'Importing'));
  expect(await it.sql('select kind, uid from outbox')).toEqual([{ kind: 'VMInstance', uid: vm.resource.uid }]);
});

test('progress is written in place: in the feed, not in history, and no planner becomes stale', async () => {
  const { resource } = await it.store.create(newDisk('importing'));
  const { resource: importing } = await it.store.observe(seenDisk(resource, 'Importing'));
  const before = await historyOf(resource.uid);
  const position = await it.store.feedPosition();
  const progress: ImportProgress = { phase: 'Downloading', percent: 40, attempts: 0 };
  await it.store.progress([
    { uid: resource.uid, import: { ...progress, percent: 30 } },
    { uid: resource.uid, import: progress },
    { uid: '00000000-0000-4000-8000-000000000000', import: progress },
  ]);
  await it.store.progress([{ uid: resource.uid, import: progress }]);
  const changes = await it.store.changes({ after: position, limit: 10 });
  expect(changes.map(({ op, resource: { status } }) => [op, 'import' in status && status.import?.percent])).toEqual([
    ['MODIFIED', 40],
  ]);
  expect(await historyOf(resource.uid)).toEqual(before);
  expect(await codeOf(it.store.observe(seenDisk(importing, 'Ready')))).toBe('accepted');
});

/** Whether a sweep that finds an empty outbox puts the row into it. */
async function sweptAgain(uid: string): Promise<boolean> {
  await it.sql('delete from outbox');
  await it.store.wakeDue(1_000);
  return (await it.sql('select 1 from outbox where uid = $1', [uid])).length > 0;
}

test('rows are due when nobody looked at them, until somebody does', async () => {
  const { resource } = await it.store.create(newVm('due'));
  await it.store.lookLater(resource.uid, -1_000, 3);
  expect(await sweptAgain(resource.uid)).toBe(true);
  expect((await it.store.load(resource.uid))?.attempts).toBe(3);
  await it.store.observe(seenVm(resource, 'Running', { nextLookAfterMs: 60_000, attempts: 0 }));
  expect(await sweptAgain(resource.uid)).toBe(false);
});

test('a figure of an import moves the next look along with it, and without a time leaves it', async () => {
  const { resource } = await it.store.create(newDisk('due-importing'));
  await it.store.observe(seenDisk(resource, 'Importing'));
  await it.store.lookLater(resource.uid, -1_000, 3);
  const at = (percent: number): ImportProgress => ({ phase: 'Downloading', percent, attempts: 1 });
  await it.store.progress([{ uid: resource.uid, import: at(1) }]);
  expect(await sweptAgain(resource.uid)).toBe(true);
  await it.store.progress([{ uid: resource.uid, import: at(2), nextLookAfterMs: 60_000 }]);
  expect(await sweptAgain(resource.uid)).toBe(false);
  expect((await it.store.load(resource.uid))?.attempts).toBe(0);
});

test('a wake-up that could not be handed over stays, and two relays never take the same', async () => {
  await it.sql('delete from outbox');
  for (let index = 0; index < 10; index += 1) await it.store.create(newVm(`relayed-${index}`));
  const failing = it.store.claimOutbox(100, async () => {
    throw new Error('queue away');
  });
  await expect(failing).rejects.toThrow('queue away');
  const taken: string[] = [];
  const second = Promise.withResolvers<number>();
  await it.store.claimOutbox(4, async (pokes) => {
    taken.push(...pokes.map(({ uid }) => uid));
    second.resolve(it.store.claimOutbox(100, async (others) => void taken.push(...others.map(({ uid }) => uid))));
    await second.promise;
  });
  expect(new Set(taken).size).toBe(10);
  expect(await it.store.claimOutbox(100, async () => undefined)).toBe(0);
});

test('a report on a row that is gone finds nothing', async () => {
  const { resource } = await it.store.create(newVm('vanishing'));
  const gone = { ...resource, uid: '00000000-0000-4000-8000-000000000000' };
  expect(await codeOf(it.store.observe(seenVm(gone, 'Running')))).toBe('NotFound');
  expect(await codeOf(it.store.remove({ actor: WORKER, uid: gone.uid, loaded: versions(gone) }))).toBe('NotFound');
});
