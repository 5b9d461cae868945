import type { AnyResource, VmDisk, VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helmLabels, makeMachine, makeVolume, placeholderService, SSH_KEY, USER_DATA } from './foreign-objects.ts';
import { KINDS, type Loose, OperatedStage } from './operated-stage.ts';

const OPERATOR = { actor: { type: 'system', id: 'operator' }, requestId: 'story' } as const;
const UID = 'compute.cozystack.io/uid';

let stage: OperatedStage;
beforeAll(async () => {
  stage = await OperatedStage.start(['demo', 'cozy', 'small']);
  await stage.startWorker();
});
afterAll(() => stage.close());

const runs = ({ phase }: AnyResource): boolean => phase === 'Running';
const condition = (row: AnyResource, type: string) => row.status.conditions.find((one) => one.type === type);
const machineOf = (namespace: string, name: string) => stage.find(KINDS.machine, namespace, `vm-instance-${name}`);
const settled = (row: AnyResource): boolean => runs(row) && condition(row, 'SpecApplied')?.status === 'True';

const facts = (machine: Loose | undefined) => ({
  uid: machine?.metadata.uid,
  firmware: machine?.spec?.domain?.firmware?.uuid,
  mac: machine?.status?.interfaces?.[0]?.mac,
});

test('a machine that somebody made with kubectl is adopted while it runs, and is then like every other', async () => {
  await makeVolume(stage, 'demo', 'root');
  const before = facts(await makeMachine(stage, 'demo', 'web', { disk: 'root' }));
  expect(Object.values(before)).not.toContain(undefined);

  const list = await stage.operate('adopt', 'list', '--project', 'demo');
  expect(list.out).toContain('operate adopt VMInstance demo/web');
  const rehearsal = await stage.report<{ outcome: string; rows: { claim: object }[] }>(
    ...['adopt', 'vminstance', 'demo/web', '--with-disks', '--dry-run'],
  );
  expect(rehearsal).toMatchObject({ code: 0, outcome: 'possible' });
  expect(rehearsal.rows.map(({ claim }) => claim)).toEqual([
    { 'class:replicated/disks': 1, 'class:replicated/storageMib': 5120 },
    { 'series:U/instances': 1, 'series:U/vcpus': 1, 'series:U/memoryMib': 4096 },
  ]);
  expect(await stage.store.get('VMInstance', 'demo', 'web')).toBeUndefined();
  expect((await stage.find(KINDS.virtualMachine, 'demo', 'vm-instance-web'))?.metadata.labels?.[UID]).toBeUndefined();

  const at = Date.now();
  expect(await stage.operate('adopt', 'VMInstance', 'demo/web', '--with-disks')).toMatchObject({ code: 0 });
  const vm = (await stage.row('VMInstance', 'demo', 'web', settled)) as VmInstance;
  const disk = (await stage.row('VMDisk', 'demo', 'root', ({ phase }) => phase === 'Ready')) as VmDisk;
  expect(vm.spec).toMatchObject({ disks: ['root'], sshKeys: [SSH_KEY], cloudInit: USER_DATA, running: true });
  expect(facts(await machineOf('demo', 'web'))).toEqual(before);
  expect(vm.status.restartRequired).toBeUndefined();
  expect(condition(vm, 'SpecApplied')?.reason).not.toBe('DriftedByHand');
  expect((await stage.operate('orphans')).code).toBe(0);
  expect((await stage.operate('recount')).code).toBe(0);

  const lives = await stage.store.history({ project: 'demo', uid: vm.uid, limit: 100, oldestFirst: true });
  expect(lives.items[0]).toMatchObject({ reason: 'Adopted', actor: 'system:operator' });
  // What ran before is nobody's bill.
  const charged = lives.items.find(({ type, to }) => type === 'Phase' && to === 'Running');
  expect(charged?.at.getTime()).toBeGreaterThanOrEqual(at);
  expect(disk.status.attachedTo).toEqual(['web']);

  // Stopped and started through us, it is the same guest at the same address.
  await stage.store.want({ ...OPERATOR, target: vm, spec: { ...vm.spec, running: false } });
  await stage.row('VMInstance', 'demo', 'web', ({ phase }) => phase === 'Stopped');
  await stage.store.want({ ...OPERATOR, target: vm, spec: { ...vm.spec, running: true } });
  await stage.row('VMInstance', 'demo', 'web', runs);
  const after = facts(await machineOf('demo', 'web'));
  expect(after).toEqual({ ...before, uid: after.uid });
  expect(after.uid).not.toBe(before.uid);

  // Somebody deletes its VirtualMachine by hand: the one that is made anew is still the same guest.
  await stage.simulator.client.delete(KINDS.virtualMachine, { namespace: 'demo', name: 'vm-instance-web' });
  await stage.object(KINDS.machine, 'demo', 'vm-instance-web', (found) => {
    return found.metadata.uid !== after.uid && found.status?.phase === 'Running';
  });
  const anew = facts(await machineOf('demo', 'web'));
  expect(anew).toEqual({ ...before, uid: anew.uid });

  await stage.store.requestDeletion({ ...OPERATOR, target: vm, withDisks: true });
  await expect.poll(() => stage.find(KINDS.claim, 'demo', 'vm-disk-root'), { timeout: 20_000 }).toBeUndefined();
  await expect.poll(() => stage.store.get('VMDisk', 'demo', 'root'), { timeout: 20_000 }).toBeUndefined();
});

test('a machine of Cozystack comes over with its disk; what no row can say must be accepted', async () => {
  const labels = helmLabels('vm-instance', 'app');
  await makeVolume(stage, 'cozy', 'system');
  const before = facts(await makeMachine(stage, 'cozy', 'app', { disk: 'system', labels }));
  await stage.create(KINDS.service, placeholderService('cozy', 'app'));

  const refused = await stage.operate('adopt', 'VMInstance', 'cozy/app', '--with-disks');
  expect(refused.code).toBe(1);
  expect(refused.out).toContain('Accept the loss with --accept service');
  expect(await stage.store.get('VMDisk', 'cozy', 'system')).toBeUndefined();

  const adopted = await stage.operate('adopt', 'VMInstance', 'cozy/app', '--with-disks', '--accept', 'service');
  expect(adopted.code).toBe(0);
  const vm = (await stage.row('VMInstance', 'cozy', 'app', settled)) as VmInstance;
  expect(facts(await machineOf('cozy', 'app'))).toEqual(before);
  expect(vm.spec).toMatchObject({ external: false, disks: ['system'], instanceType: 'u1.medium' });
  await expect.poll(() => stage.find(KINDS.service, 'cozy', 'vm-instance-app'), { timeout: 20_000 }).toBeUndefined();
});

test('what cannot be adopted is refused with its reason, and nothing is changed', async () => {
  await makeVolume(stage, 'small', 'one');
  await makeMachine(stage, 'small', 'strict', { disk: 'one', more: { nodeSelector: {} } });
  const adopt = (...args: string[]) => stage.operate('adopt', ...args);
  expect((await adopt('VMInstance', 'small/none')).out).toContain('has no VirtualMachine vm-instance-none');
  expect((await adopt('VMInstance', 'small/strict')).out).toContain('Its disk one has no row');
  await stage.store.quota.setLimits('small', { 'class:replicated/disks': 0 }, { by: OPERATOR });
  expect(await adopt('VMDisk', 'small/one')).toMatchObject({ code: 3, out: expect.stringContaining('Quota exceeded') });
  expect((await stage.find(KINDS.dataVolume, 'small', 'vm-disk-one'))?.metadata.labels?.[UID]).toBeUndefined();

  expect((await adopt('VMDisk', 'small/one', '--beyond-quota')).code).toBe(0);
  expect((await stage.operate('recount')).code).toBe(0);
  expect((await adopt('VMDisk', 'small/one')).out).toContain('There is a VMDisk one in the project small already');
  const list = await stage.operate('adopt', 'list', '--project', 'small');
  expect(list.out).not.toContain('VMDisk');
});

test('a command that died between the labels and the row is run again, and makes the same row', async () => {
  await makeVolume(stage, 'cozy', 'late');
  const uid = '0d0f3c52-3b8e-4c2f-8a53-6f1f0b1f2a77';
  const labels = { [UID]: uid, 'compute.cozystack.io/kind': 'VMDisk', 'compute.cozystack.io/project': 'cozy' };
  await stage.simulator.client.mergePatch(
    KINDS.dataVolume,
    { namespace: 'cozy', name: 'vm-disk-late' },
    { metadata: { labels } },
  );
  expect((await stage.operate('orphans')).out).toContain(uid);
  expect((await stage.operate('adopt', 'orphans')).code).toBe(0);
  const disk = await stage.row('VMDisk', 'cozy', 'late', ({ phase }) => phase === 'Ready');
  expect(disk.uid).toBe(uid);
  expect((await stage.operate('orphans')).code).toBe(0);
});
