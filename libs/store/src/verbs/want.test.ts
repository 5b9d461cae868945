import { builtinCatalogue, chargeVm, claimOfDisk, claimOfVm, type Fault } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WantCommand } from '../commands.ts';
import {
  diskSpec,
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenDisk,
  seenVm,
  type TestStore,
  USER,
  vmSpec,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ quotaDefaults: { 'series:M/vcpus': 8 } });
});
afterAll(() => it.close());

const vmTarget = (name: string) => ({ kind: 'VMInstance' as const, project: PROJECT, name });
const want = (command: Omit<WantCommand<'VMInstance'>, 'actor' | 'requestId'>) =>
  it.store.want({ actor: USER, requestId: 'request-2', ...command });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (fault: Fault) => fault.code,
  );
const usedOf = async (scope: string, metric: string) =>
  (await it.store.quota.counters(PROJECT)).find((counter) => counter.scope === scope && counter.metric === metric)
    ?.used;

/** What a caller sends to give a machine another type. */
function resized(instanceType: string) {
  const spec = vmSpec({ instanceType });
  const instance = chargeVm(spec, builtinCatalogue);
  return { spec, claim: claimOfVm(spec, instance), chargedStatus: { instanceType: instance } };
}

test('a new spec makes a new generation and an operation, and wakes the worker', async () => {
  const { resource } = await it.store.create(newVm('change'));
  await it.sql('delete from outbox');
  const outcome = await want({ target: vmTarget('change'), spec: vmSpec({ running: false }) });
  expect(outcome).toMatchObject({
    outcome: 'configured',
    resource: { generation: 2, specVersion: 2, statusVersion: 1 },
  });
  expect(await it.store.operation(outcome.operationId ?? '')).toMatchObject({ verb: 'update', generation: 2 });
  expect(await it.sql('select uid from outbox')).toEqual([{ uid: resource.uid }]);
});

test('what changes nothing writes nothing, whatever the order of its keys', async () => {
  const { resource } = await it.store.create(newVm('same', {}, { labels: { a: '1', b: '2' } }));
  const spec = Object.fromEntries(Object.entries(resource.spec).reverse()) as unknown as typeof resource.spec;
  const outcome = await want({ target: vmTarget('same'), spec, labels: { b: '2', a: '1' } });
  expect(outcome).toEqual({ outcome: 'unchanged', resource, replayed: false });
  expect(await it.store.get('VMInstance', PROJECT, 'same')).toEqual(resource);
});

test('labels change without a new generation, and the operation is over at once', async () => {
  await it.store.create(newVm('labelled'));
  const outcome = await want({ target: vmTarget('labelled'), labels: { a: 'b' } });
  expect(outcome.resource).toMatchObject({ labels: { a: 'b' }, generation: 1, specVersion: 2 });
  expect((await it.store.operation(outcome.operationId ?? ''))?.doneAt).toBeInstanceOf(Date);
});

test('a retry makes a new generation of the same spec', async () => {
  await it.store.create(newVm('again'));
  expect(await want({ target: vmTarget('again'), retry: true })).toMatchObject({
    outcome: 'configured',
    resource: { generation: 2 },
  });
});

test('of two edits on the same version one loses; a report of the worker disturbs neither', async () => {
  const { resource } = await it.store.create(newVm('edited'));
  await it.store.observe(seenVm(resource, 'Running'));
  const edit = (tier: string) => want({ target: vmTarget('edited'), expectedSpecVersion: 1, labels: { tier } });
  const results = await Promise.all([codeOf(edit('a')), codeOf(edit('b'))]);
  expect(results).toEqual(['accepted', 'PreconditionFailed']);
});

test('growth is charged at once and refused with the numbers, leaving everything as it was', async () => {
  const { resource } = await it.store.create(newVm('grow', { instanceType: 'm1.large' }));
  const refused = want({ target: vmTarget('grow'), ...resized('m1.8xlarge') });
  await expect(refused).rejects.toMatchObject({
    code: 'QuotaExceeded',
    details: { quota: { metric: 'vcpus', limit: 8, used: 2, requested: 30 } },
  });
  expect(await it.store.get('VMInstance', PROJECT, 'grow')).toEqual(resource);
  const grown = await want({ target: vmTarget('grow'), ...resized('m1.2xlarge') });
  expect(grown.resource.claim['series:M/vcpus']).toBe(8);
  expect(await usedOf('series:M', 'vcpus')).toBe(8);
});

test('a machine that shrinks gives back only when the smaller size is true', async () => {
  const before = await usedOf('series:U', 'vcpus');
  const { resource } = await it.store.create(newVm('shrink', { instanceType: 'u1.2xlarge' }));
  const running = await it.store.observe(seenVm(resource, 'Running'));
  const wanted = await want({ target: vmTarget('shrink'), ...resized('u1.large') });
  expect(wanted.resource.claim['series:U/vcpus']).toBe(8);
  expect(running.resource.claim).toEqual(wanted.resource.claim);
  const since = new Date().toISOString();
  const details = { ...wanted.resource.status, restartRequired: { since, fields: ['instanceType'] } };
  const owed = await it.store.observe(seenVm(wanted.resource, 'Running', { details }));
  expect(owed.resource.claim['series:U/vcpus']).toBe(8);
  const { restartRequired: _over, ...restarted } = details;
  const done = await it.store.observe(seenVm(owed.resource, 'Running', { details: restarted }));
  expect(done.resource.claim['series:U/vcpus']).toBe(2);
  expect(await usedOf('series:U', 'vcpus')).toBe((before ?? 0) + 2);
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});

test('a disk that grows is charged the difference', async () => {
  await it.store.create(newDisk('growing'));
  const spec = diskSpec({ storage: '15Gi' });
  const target = { kind: 'VMDisk' as const, project: PROJECT, name: 'growing' };
  await it.store.want({ actor: USER, requestId: 'r', target, spec, claim: claimOfDisk(spec) });
  expect(await usedOf('class:replicated', 'storageMib')).toBe(15 * 1024);
});

test('disks that a VM lets go are free for others, disks of others are refused', async () => {
  await it.store.create(newVm('giver', { disks: ['a', 'b'] }));
  await it.store.create(newVm('taker'));
  const change = { spec: vmSpec({ disks: ['b'] }), attachments: [{ disk: 'b' }] };
  const take = () => want({ target: vmTarget('taker'), ...change });
  expect(await codeOf(take())).toBe('DiskInUse');
  const { uid = '' } = (await it.store.get('VMInstance', PROJECT, 'taker')) ?? {};
  expect(await codeOf(want({ target: { uid, project: PROJECT }, ...change }))).toBe('DiskInUse');
  await want({ target: vmTarget('giver'), spec: vmSpec({ disks: ['a'] }), attachments: [{ disk: 'a' }] });
  expect(await codeOf(take())).toBe('accepted');
});

test('several commands all or none: one refusal and nothing is stored', async () => {
  const commands = [
    { verb: 'create' as const, ...newDisk('atomic-disk') },
    { verb: 'create' as const, ...newVm('atomic-vm', { disks: ['atomic-disk'] }) },
    { verb: 'create' as const, ...newVm('change') },
  ] as const;
  const refused = await it.store.apply(commands, { atomic: true });
  expect(refused.committed).toBe(false);
  expect(refused.results.map((result) => (result.ok ? result.outcome.outcome : result.fault.code))).toEqual([
    'created',
    'created',
    'AlreadyExists',
  ]);
  expect(await it.store.get('VMDisk', PROJECT, 'atomic-disk')).toBeUndefined();
  const partial = await it.store.apply(commands, { atomic: false });
  expect(partial.committed).toBe(true);
  expect((await it.store.disksOfVm((await it.store.get('VMInstance', PROJECT, 'atomic-vm'))?.uid ?? '')).length).toBe(
    1,
  );
});

test('a dry run decides everything and stores nothing', async () => {
  const commands = [{ verb: 'create' as const, ...newVm('dry') }];
  const outcome = await it.store.apply(commands, { atomic: true, dryRun: true });
  expect(outcome).toMatchObject({ committed: false, results: [{ ok: true, outcome: { resource: { name: 'dry' } } }] });
  expect(await it.store.get('VMInstance', PROJECT, 'dry')).toBeUndefined();
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});

test('a disk that is ready has nothing to try again', async () => {
  const { resource } = await it.store.create(newDisk('there'));
  await it.store.observe(seenDisk(resource, 'Ready'));
  const outcome = await want({ target: { uid: resource.uid, project: PROJECT }, retry: true });
  expect(outcome).toMatchObject({ outcome: 'unchanged', resource: { generation: 1 } });
  expect(outcome).not.toHaveProperty('operationId');
});
