/** What edits do to machines that run: the worker on the simulated cluster, one story for each class of change. */
import { diskName, type VmDisk, type VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedStory } from './fixtures/simulated-story.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

let stack: WorkerStack<SimulatedStory>;
beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedStory.start());
  await stack.startWorker();
});
afterAll(() => stack.close());

const LIMIT_MS = 60_000;
const LARGE = { name: 'u1.large', series: 'U', vcpu: 2, memoryMib: 8_192 };

async function machineWith(name: string, disks: VmInstance['spec']['disks']): Promise<VmInstance> {
  const made = disks.map((entry) => stack.wantDisk(diskName(entry), { source: {}, storage: '1Gi' }));
  const vm = await stack.wantVm(name, { disks });
  await Promise.all(made);
  return stack.untilPhase(vm, 'Running');
}

const untilVm = async (vm: VmInstance, holds: (now: VmInstance) => boolean): Promise<VmInstance> =>
  (await stack.until(vm, (now) => now !== undefined && holds(now))) as VmInstance;
const untilDisk = async (disk: VmDisk, attachedTo: readonly string[]): Promise<VmDisk> =>
  (await stack.until(disk, (now) => String(now?.status.attachedTo) === String(attachedTo))) as VmDisk;
const waiting = (vm: VmInstance) => vm.status.restartRequired?.fields;
const condition = (vm: VmInstance, type: string) => vm.status.conditions.find((one) => one.type === type);
const isAttached = (vm: VmInstance, disk: string) =>
  vm.status.disks?.find(({ name }) => name === disk)?.attached === true;

test(
  'another type waits for a restart, names itself, and is cleared by one or by being taken back',
  async () => {
    const vm = await machineWith('resized', ['resized-root']);
    await stack.editVm(vm, { instanceType: 'u1.large' }, LARGE);
    const asked = await untilVm(vm, (now) => waiting(now) !== undefined);
    expect(waiting(asked)).toEqual(['/spec/instanceType']);
    await stack.editVm(vm, {});
    await untilVm(vm, (now) => waiting(now) === undefined);

    await stack.editVm(vm, { instanceType: 'u1.large', cloudInitSeed: 'again' }, LARGE);
    const both = await untilVm(vm, (now) => waiting(now)?.length === 2);
    expect(waiting(both)).toEqual(['/spec/instanceType', '/spec/cloudInitSeed']);
    await stack.editVm(vm, { instanceType: 'u1.large', cloudInitSeed: 'again', running: false }, LARGE);
    const stopped = await stack.untilPhase(vm, 'Stopped');
    expect(waiting(stopped)).toBeUndefined();
    await stack.editVm(vm, { instanceType: 'u1.large', cloudInitSeed: 'again' }, LARGE);
    expect(waiting(await stack.untilPhase(vm, 'Running'))).toBeUndefined();
  },
  LIMIT_MS,
);

test(
  'a disk is attached and detached while its machine runs, and goes to another machine',
  async () => {
    const giver = await machineWith('giver', ['giver-root']);
    const data = await stack.wantDisk('moving', { source: {}, storage: '1Gi' });
    await stack.editVm(giver, { disks: ['giver-root', 'moving'] });
    const plugged = await untilVm(giver, (now) => isAttached(now, 'moving'));
    expect(plugged.status.disks?.at(-1)).toEqual({ name: 'moving', ready: true, attached: true, hotplugged: true });
    expect(plugged).toMatchObject({ phase: 'Running', status: { startedAt: giver.status.startedAt } });
    expect(waiting(plugged)).toBeUndefined();
    await untilDisk(data, ['giver']);

    const taker = await machineWith('taker', ['taker-root']);
    await stack.editVm(giver, { disks: ['giver-root'] });
    await stack.editVm(taker, { disks: ['taker-root', 'moving'] });
    const moved = await untilVm(taker, (now) => isAttached(now, 'moving'));
    expect(moved.status.startedAt).toBe(taker.status.startedAt);
    await untilDisk(data, ['taker']);
    expect(await stack.cluster.mostHoldersOf('moving')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'a disk that was there at boot stays with its machine until that is started anew, and another one waits for it',
  async () => {
    const holder = await machineWith('holder', ['holder-root', 'kept']);
    const kept = (await stack.store.get('VMDisk', stack.project, 'kept')) as VmDisk;
    await stack.editVm(holder, { disks: ['holder-root'] });
    expect(waiting(await untilVm(holder, (now) => waiting(now) !== undefined))).toEqual(['/spec/disks']);
    await untilDisk(kept, ['holder']);
    const waiter = await stack.wantVm('waiter', { disks: ['kept'] });
    const blocked = await untilVm(waiter, (now) => condition(now, 'DisksReady')?.reason === 'DiskInUse');
    expect(condition(blocked, 'DisksReady')?.message).toBe("Disk 'kept' is still held by holder.");
    expect(((await stack.store.getByUid(kept.uid)) as VmDisk).status.attachedTo).toEqual(['holder']);

    await stack.editVm(holder, { disks: ['holder-root'], running: false });
    await stack.untilPhase(waiter, 'Running');
    await untilDisk(kept, ['waiter']);
    expect(await stack.cluster.mostHoldersOf('kept')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'exposure, ports, the method and keys change while the machine runs; the address stays',
  async () => {
    const vm = await stack.wantVm('exposed', { external: true, externalPorts: [22], sshKeys: ['ssh-rsa A'] });
    const running = await stack.untilPhase(vm, 'Running');
    const external = (now: VmInstance) => now.status.addresses?.external;
    const first = external(await untilVm(vm, (now) => external(now) !== undefined));
    const base = { external: true, sshKeys: ['ssh-rsa A'] };
    const isApplied = (generation: number) => (now: VmInstance) =>
      now.status.observedGeneration >= generation && condition(now, 'SpecApplied')?.status === 'True';
    await stack.editVm(running, { ...base, externalPorts: [22, 80] });
    const ports = await untilVm(vm, isApplied(2));
    await stack.editVm(running, { ...base, externalMethod: 'WholeIP' });
    const method = await untilVm(vm, isApplied(3));
    await stack.editVm(running, {
      ...base,
      externalMethod: 'WholeIP',
      sshKeys: ['ssh-rsa B'],
      cloudInit: '#cloud-config\n',
    });
    const keys = await untilVm(vm, isApplied(4));
    expect([ports, method, keys].map(external)).toEqual([first, first, first]);
    expect([ports, method, keys].map(waiting)).toEqual([undefined, undefined, undefined]);
    await stack.editVm(running, { external: false, sshKeys: [] });
    const hidden = await untilVm(vm, (now) => external(now) === undefined && waiting(now) !== undefined);
    expect(waiting(hidden)).toEqual(['/spec/sshKeys']);
  },
  LIMIT_MS,
);

test(
  'a cluster that follows the manifest by itself needs no calls: the disk comes and goes all the same',
  async () => {
    const declarative = await WorkerStack.startOn(await SimulatedStory.start({ hotplug: 'DeclarativeHotplugVolumes' }));
    try {
      await declarative.startWorker();
      const root = await declarative.wantDisk('root', { source: {}, storage: '1Gi' });
      const data = await declarative.wantDisk('data', { source: {}, storage: '1Gi' });
      const vm = await declarative.wantVm('declared', { disks: ['root'] });
      const running = await declarative.untilPhase(vm, 'Running');
      await declarative.editVm(running, { disks: ['root', 'data'] });
      const attached = await declarative.until(vm, (now) => now !== undefined && isAttached(now, 'data'));
      expect(attached).toMatchObject({ phase: 'Running', status: { startedAt: running.status.startedAt } });
      await declarative.editVm(running, { disks: ['root'] });
      await declarative.until(data, (now) => now?.status.attachedTo.length === 0);
      await declarative.requestDeletion(data);
      await declarative.untilGone(data);
      expect(((await declarative.store.getByUid(root.uid)) as VmDisk).status.attachedTo).toEqual(['declared']);
    } finally {
      await declarative.close();
    }
  },
  LIMIT_MS,
);
