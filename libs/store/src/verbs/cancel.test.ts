import type { VmDisk } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, openTestStore, PROJECT, seenDisk, type TestStore, USER } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const cancel = (uid: string) =>
  it.store.want<'VMDisk'>({ actor: USER, requestId: 'r', target: { uid, project: PROJECT }, cancel: true });
const failed = (disk: VmDisk) =>
  it.store.observe(
    seenDisk(disk, 'Failed', {
      failure: { code: 'ImportCancelled', message: 'Cancelled.', remedy: 'Retry.', retryable: true },
    }),
  );

test('a cancelled import ends its own operation well and the one that it ended with the reason and the remedy', async () => {
  const created = await it.store.create(newDisk('given-up'));
  const cancelled = await cancel(created.resource.uid);
  expect(cancelled).toMatchObject({
    outcome: 'configured',
    resource: { generation: 2, intent: { cancelled: { asked: 2 } } },
  });
  const again = await cancel(created.resource.uid);
  expect(again.outcome).toBe('unchanged');
  await failed(cancelled.resource);
  expect(await it.store.operation(created.operationId)).toMatchObject({
    doneAt: expect.any(Date),
    error: { code: 'ImportCancelled', remedy: 'Retry.', retryable: true },
  });
  const own = await it.store.operation(cancelled.operationId ?? '');
  expect(own).toMatchObject({ verb: 'cancel', doneAt: expect.any(Date) });
  expect(own).not.toHaveProperty('error');
});

test('a cancellation that came too late says so in its operation', async () => {
  const { resource } = await it.store.create(newDisk('too-late'));
  const cancelled = await cancel(resource.uid);
  await it.store.observe(seenDisk(cancelled.resource, 'Ready'));
  expect(await it.store.operation(cancelled.operationId ?? '')).toMatchObject({ error: { code: 'NotCancellable' } });
  await expect(cancel(resource.uid)).rejects.toMatchObject({ code: 'NotCancellable' });
});

test('operations are filtered by what they are about and how they ended', async () => {
  const names = async (...filter: Parameters<typeof it.store.operations>[0]['filter'] & object) =>
    (await it.store.operations({ project: PROJECT, limit: 50, filter })).items.map(
      ({ name, verb }) => `${verb} ${name}`,
    );
  expect(
    await names({ field: 'verb', comparison: '=', value: 'cancel' }, { field: 'failed', comparison: '=', value: true }),
  ).toEqual(['cancel too-late']);
  expect(await names({ field: 'name', comparison: '=', value: 'given-up' })).toEqual([
    'cancel given-up',
    'create given-up',
  ]);
  expect(await names({ field: 'done', comparison: '=', value: false })).toEqual([]);
  expect(await names({ field: 'createdAt', comparison: '>', value: new Date(Date.now() + 60_000) })).toEqual([]);
});
