import type { Fault, Kind } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenVm,
  type TestStore,
  USER,
  versions,
  WORKER,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const requestDeletion = (kind: Kind, name: string, withDisks = false) =>
  it.store.requestDeletion({ actor: USER, requestId: 'r', target: { kind, project: PROJECT, name }, withDisks });
const faultOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was accepted'),
    (fault: Fault) => fault,
  );

test('a resource that is to go stays in phase Deleting until the worker removes it; history outlives it', async () => {
  const { resource, operationId: creation } = await it.store.create(newVm('goes'));
  const { resource: deleting, operationId } = await requestDeletion('VMInstance', 'goes');
  expect(deleting).toMatchObject({ phase: 'Deleting', deletionRequestedAt: expect.any(Date) });
  await it.store.remove({ actor: WORKER, uid: resource.uid, loaded: versions(deleting) });
  expect(await it.store.getByUid(resource.uid)).toBeUndefined();
  const { items } = await it.store.history({ project: PROJECT, uid: resource.uid, limit: 10 });
  expect(items.map(({ to }) => to)).toEqual(['Deleted', 'Deleting', 'Pending']);
  expect(await it.store.operation(operationId)).toMatchObject({ verb: 'delete', doneAt: expect.any(Date) });
  expect((await it.store.operation(operationId))?.error).toBeUndefined();
  expect(await it.store.operation(creation)).toMatchObject({ error: { code: 'Aborted' } });
  expect((await it.store.quota.counters(PROJECT)).filter(({ used }) => used !== 0)).toEqual([]);
  await it.store.create(newVm('goes'));
});

test('asking twice gives the same operation and writes nothing', async () => {
  await it.store.create(newVm('twice'));
  const first = await requestDeletion('VMInstance', 'twice');
  const second = await requestDeletion('VMInstance', 'twice');
  expect(second).toEqual({ ...first, replayed: true });
});

test('a disk in use is not deleted; the refusal names the VM', async () => {
  await it.store.create(newDisk('used'));
  await it.store.create(newVm('user-of-disk', { disks: ['used'] }));
  const fault = await faultOf(requestDeletion('VMDisk', 'used'));
  expect(fault).toMatchObject({ code: 'DiskInUse', details: { resource: { name: 'user-of-disk' } } });
  await requestDeletion('VMInstance', 'user-of-disk');
  expect((await requestDeletion('VMDisk', 'used')).resource.phase).toBe('Deleting');
});

test('a VM may take its own disks with it, but not those of others', async () => {
  await it.store.create(newDisk('own'));
  await it.store.create(newDisk('shared', { optical: true }));
  await it.store.create(newVm('leaving', { disks: ['own', 'shared', 'never-made'] }));
  await it.store.create(newVm('staying', { disks: ['shared'] }));
  await requestDeletion('VMInstance', 'leaving', true);
  expect((await it.store.get('VMDisk', PROJECT, 'own'))?.phase).toBe('Deleting');
  expect((await it.store.get('VMDisk', PROJECT, 'shared'))?.phase).toBe('Pending');
});

test('a planner that decided before the deletion was asked for loses', async () => {
  const { resource } = await it.store.create(newVm('raced'));
  await requestDeletion('VMInstance', 'raced');
  expect((await faultOf(it.store.observe(seenVm(resource, 'Running')))).code).toBe('Stale');
});

test('nothing is removed that nobody asked to delete', async () => {
  const { resource } = await it.store.create(newVm('kept'));
  const removal = it.store.remove({ actor: WORKER, uid: resource.uid, loaded: versions(resource) });
  expect((await faultOf(removal)).code).toBe('PreconditionFailed');
});

test('a resource that is being deleted takes no new spec', async () => {
  await it.store.create(newVm('over'));
  await requestDeletion('VMInstance', 'over');
  const target = { kind: 'VMInstance' as const, project: PROJECT, name: 'over' };
  const want = it.store.want({ actor: USER, requestId: 'r', target, labels: { a: 'b' } });
  expect((await faultOf(want)).code).toBe('PreconditionFailed');
});

test('a removed VM frees its disks and wakes them', async () => {
  const disk = await it.store.create(newDisk('freed'));
  await it.store.create(newVm('freeing', { disks: ['freed'] }));
  await requestDeletion('VMInstance', 'freeing');
  await it.sql('delete from outbox');
  const vm = await it.store.get('VMInstance', PROJECT, 'freeing');
  if (!vm) return expect.unreachable('the VM is there until it is removed');
  await it.store.remove({ actor: WORKER, uid: vm.uid, loaded: versions(vm) });
  expect(await it.sql('select uid from outbox')).toEqual([{ uid: disk.resource.uid }]);
  await it.store.create(newVm('next', { disks: ['freed'] }));
});

test('a project with resources stays, an empty one goes', async () => {
  await it.store.createProject('brief');
  await it.store.create(newVm('inhabitant', {}, { project: 'brief' }));
  expect((await faultOf(it.store.deleteProject('brief'))).code).toBe('PreconditionFailed');
  const target = { kind: 'VMInstance' as const, project: 'brief', name: 'inhabitant' };
  const { resource } = await it.store.requestDeletion({ actor: USER, requestId: 'r', target });
  await it.store.remove({ actor: WORKER, uid: resource.uid, loaded: versions(resource) });
  await it.store.deleteProject('brief');
  expect(await it.store.project('brief')).toBeUndefined();
  expect((await faultOf(it.store.create(newVm('x', {}, { project: 'brief' })))).code).toBe('NotFound');
});

test('many that come and go leave no counter behind', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `cycle-${index}`);
  await Promise.all(names.map((name) => it.store.create(newVm(name))));
  await Promise.all(names.map((name) => deleteFully(it.store, 'VMInstance', name)));
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});
