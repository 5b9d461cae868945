// Volumes that come to a machine that runs and leave it, in both of KubeVirt's ways.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataVolumes, pods } from '../kinds.ts';
import type { HotplugMode } from '../kubevirt/hotplug-mode.ts';
import { virtualMachines } from '../kubevirt/kinds.ts';
import type { VolumeStatus } from '../kubevirt/objects.ts';
import { MachineStage, machineTemplate } from './machine-stage.ts';

const volume = (name: string) => ({ name, dataVolume: { name, hotpluggable: true } });
const disk = (name: string, bus = 'scsi') => ({ name, disk: { bus } });
const ROOT = { name: 'root', containerDisk: { image: 'example.invalid/disk:1' } };

async function openStage(hotplug: HotplugMode): Promise<MachineStage> {
  const stage = await MachineStage.open({ controllers: { hotplug } });
  for (const name of ['data', 'more']) {
    await stage.client.create(dataVolumes, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { ...stage.ref(name), annotations: { 'cdi.kubevirt.io/storage.bind.immediate.requested': '' } },
      spec: {
        source: { blank: {} },
        storage: { storageClassName: 'replicated', resources: { requests: { storage: '1Gi' } } },
      },
    });
  }
  return stage;
}

const statusOf = (stage: MachineStage, vm: string, name: string): VolumeStatus | undefined =>
  stage.vmi(vm)?.status?.volumeStatus?.find((status) => status.name === name);

async function phasesUntil(stage: MachineStage, vm: string, name: string, last: string | undefined): Promise<string[]> {
  const phases: string[] = [];
  await stage.until(`${name} is ${last}`, () => {
    const phase = statusOf(stage, vm, name)?.phase ?? 'none';
    if (phases.at(-1) !== phase) phases.push(phase);
    return phase === (last ?? 'none');
  });
  return phases;
}

async function attachmentPods(stage: MachineStage): Promise<string[]> {
  const { items } = await stage.client.list(pods, { ...stage.ref(''), labelSelector: 'kubevirt.io=hotplug-disk' });
  return items.map((pod) =>
    (pod.spec.volumes ?? []).flatMap((one) => one.persistentVolumeClaim?.claimName ?? []).join(),
  );
}

describe('by calls, as the gate HotplugVolumes has it', () => {
  let stage: MachineStage;
  beforeAll(async () => {
    stage = await openStage('HotplugVolumes');
  });
  afterAll(() => stage.close());

  test('a volume is brought to the node by a pod, mounted, given to the guest, and goes the same way back', async () => {
    await stage.createVm('caller', { template: machineTemplate([ROOT]) });
    await stage.shows('caller', 'Running');
    const volumeSource = { dataVolume: { name: 'data' } };
    await stage.call('caller', 'addvolume', { name: 'data', disk: disk('data'), volumeSource });
    const coming = await phasesUntil(stage, 'caller', 'data', 'Ready');
    expect(coming.slice(-3)).toEqual(['AttachedToNode', 'MountedToPod', 'Ready']);
    expect(statusOf(stage, 'caller', 'data')).toMatchObject({
      target: expect.stringMatching(/^sd/),
      hotplugVolume: {},
    });
    expect(await attachmentPods(stage)).toEqual(['data']);
    expect(stage.condition('caller', 'RestartRequired')).toBeUndefined();

    await stage.call('caller', 'addvolume', {
      name: 'more',
      disk: disk('more'),
      volumeSource: { dataVolume: { name: 'more' } },
    });
    await phasesUntil(stage, 'caller', 'more', 'Ready');
    expect(statusOf(stage, 'caller', 'data')?.phase).toBe('Ready');

    await stage.call('caller', 'removevolume', { name: 'data' });
    expect(stage.vmi('caller')?.spec.volumes?.length).toBeLessThanOrEqual(3);
    const going = await phasesUntil(stage, 'caller', 'data', undefined);
    expect(going).toContain('UnMountedFromPod');
    await expect.poll(() => attachmentPods(stage), { timeout: 10_000 }).toEqual(['more']);
  });

  test('a call is refused in KubeVirt’s words', async () => {
    await stage.createVm('refuses', { template: machineTemplate([ROOT]) });
    await stage.shows('refuses', 'Running');
    const add = (bus: string) =>
      stage.call('refuses', 'addvolume', {
        name: 'x',
        disk: disk('x', bus),
        volumeSource: { dataVolume: { name: 'data' } },
      });
    await expect(add('sata')).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("requires bus to be 'scsi' or 'virtio'. [sata] is not permitted."),
    });
    await expect(stage.call('refuses', 'removevolume', { name: 'root' })).rejects.toMatchObject({ status: 409 });
    await expect(stage.call('refuses', 'removevolume', { name: 'nothing' })).rejects.toMatchObject({ status: 409 });
  });

  test('the template alone changes nothing of the machine, and asks for no restart', async () => {
    await stage.createVm('still', { template: machineTemplate([ROOT]) });
    await stage.shows('still', 'Running');
    const template = {
      spec: { volumes: [ROOT, volume('data')], domain: { devices: { disks: [disk('root', 'virtio'), disk('data')] } } },
    };
    const { metadata } = await stage.patchVm('still', { spec: { template } });
    await stage.until(
      'it was looked at',
      () => (stage.vm('still')?.status?.desiredGeneration ?? 0) >= (metadata.generation ?? 0),
    );
    expect(stage.vmi('still')?.spec.volumes).toHaveLength(1);
    expect(stage.condition('still', 'RestartRequired')).toBeUndefined();
  });
});

describe('by the template, as the gate DeclarativeHotplugVolumes has it', () => {
  let stage: MachineStage;
  beforeAll(async () => {
    stage = await openStage('DeclarativeHotplugVolumes');
  });
  afterAll(() => stage.close());

  const disksOf = (...names: string[]) => ({
    spec: {
      template: {
        spec: {
          volumes: [ROOT, ...names.map(volume)],
          domain: { devices: { disks: [disk('root', 'virtio'), ...names.map((name) => disk(name))] } },
        },
      },
    },
  });

  test('a hotpluggable volume comes and goes with the template, also over a restart', async () => {
    await stage.createVm('declared', { template: machineTemplate([ROOT]) });
    await stage.shows('declared', 'Running');
    await stage.patchVm('declared', disksOf('data'));
    await phasesUntil(stage, 'declared', 'data', 'Ready');
    expect(stage.condition('declared', 'RestartRequired')).toBeUndefined();

    const first = stage.vmi('declared')?.metadata.uid;
    await stage.call('declared', 'restart');
    await stage.until('another incarnation runs', () => {
      const vmi = stage.vmi('declared');
      return vmi?.metadata.uid !== first && vmi?.status?.phase === 'Running';
    });
    await phasesUntil(stage, 'declared', 'data', 'Ready');
    await stage.patchVm('declared', disksOf());
    await phasesUntil(stage, 'declared', 'data', undefined);
    await stage.client.delete(virtualMachines, stage.ref('declared'));
    await stage.isGone('declared');
    await expect.poll(() => attachmentPods(stage), { timeout: 10_000 }).toEqual([]);
  });

  test('a volume that was there at boot waits for a restart, and calls for a VM’s machine are refused', async () => {
    await stage.createVm('boots', {
      template: machineTemplate([ROOT, { name: 'more', dataVolume: { name: 'more' } }]),
    });
    await stage.shows('boots', 'Running');
    await stage.patchVm('boots', disksOf());
    await stage.until('a restart is asked for', () => stage.condition('boots', 'RestartRequired')?.status === 'True');
    expect(stage.vmi('boots')?.spec.volumes).toHaveLength(2);
    await expect(stage.call('boots', 'removevolume', { name: 'more' })).rejects.toMatchObject({
      status: 400,
      message: 'VMI stories/boots is owned by a VM',
    });
  });
});
