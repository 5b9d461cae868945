import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, newVm, openTestStore, PROJECT, type TestStore, USER } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

test('nothing waits in an empty database', async () => {
  expect(await it.store.backlog()).toEqual({ outboxDepth: 0, outboxOldestMs: 0, usageOldestMs: 0 });
});

test('what waits for a worker and for the feed has an age, until it is taken', async () => {
  await it.store.create(newVm('waits'));
  await it.sql(`update outbox set created_at = now() - interval '90 seconds'`);
  const event = `insert into usage_event (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, recorded_at)
    values (gen_random_uuid(), '${PROJECT}', 'vm.allocated', gen_random_uuid(), 'VMInstance', 'waits', '{}',
      now() - interval '2 minutes', now() - interval '1 minute', 60000, now() - interval '45 seconds')`;
  await it.sql(event);
  const waiting = await it.store.backlog();
  expect(waiting.outboxDepth).toBe(1);
  expect(waiting.outboxOldestMs).toBeGreaterThanOrEqual(90_000);
  expect(waiting.usageOldestMs).toBeGreaterThanOrEqual(45_000);
  await it.store.claimOutbox(10, async () => undefined);
  await it.store.usage.publish();
  expect(await it.store.backlog()).toEqual({ outboxDepth: 0, outboxOldestMs: 0, usageOldestMs: 0 });
});

test('resources are counted by project, kind and phase, and deletions that take too long apart', async () => {
  await it.store.create(newDisk('one'));
  await it.store.create(newDisk('two'));
  const target = { kind: 'VMDisk', project: PROJECT, name: 'two' } as const;
  await it.store.requestDeletion({ actor: USER, requestId: 'request-1', target });
  const disks = async (stuckAfterMs: number) =>
    (await it.store.countResources(stuckAfterMs))
      .filter(({ kind }) => kind === 'VMDisk')
      .map(({ phase, count, stuck }) => [phase, count, stuck])
      .sort();
  expect(await disks(60_000)).toEqual([
    ['Deleting', 1, 0],
    ['Pending', 1, 0],
  ]);
  await it.sql(`update resource set deletion_requested_at = now() - interval '2 minutes' where name = 'two'`);
  expect(await disks(60_000)).toContainEqual(['Deleting', 1, 1]);
});
