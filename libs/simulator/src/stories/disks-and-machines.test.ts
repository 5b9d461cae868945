// Stories V10 to V13 of the traces: machines whose disks are still being filled.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ImageServer, startImageServer } from '../images/image-server.ts';
import { dataVolumes, persistentVolumeClaims } from '../kinds.ts';
import { virtualMachines } from '../kubevirt/kinds.ts';
import type { DataVolumeTemplate, VmSpec } from '../kubevirt/objects.ts';
import { MachineStage, machineTemplate } from './machine-stage.ts';

let stage: MachineStage;
let images: ImageServer;
beforeAll(async () => {
  images = await startImageServer({ dataBytes: 2 ** 20 });
  stage = await MachineStage.open();
});
afterAll(async () => {
  await stage.close();
  await images.close();
});

function withDisk(name: string, url: string, className: string, annotations = {}): Partial<VmSpec> {
  const template: DataVolumeTemplate = {
    metadata: { name, annotations },
    spec: {
      source: { http: { url: new URL(url, images.url).href } },
      storage: { storageClassName: className, resources: { requests: { storage: '3Gi' } } },
    },
  };
  return {
    template: machineTemplate([{ name: 'root', dataVolume: { name } }]),
    dataVolumeTemplates: [template],
  };
}

const immediate = { 'cdi.kubevirt.io/storage.bind.immediate.requested': 'true' };

test('an import that fails flaps between DataVolumeError and Provisioning, then the machine runs', async () => {
  await stage.createVm('flaps', withDisk('flaps-root', '/503?times=3', 'replicated', immediate));
  await stage.shows('flaps', 'Running');
  const story = stage.story('flaps');
  expect(story.slice(0, 5)).toEqual(['-', 'Stopped', 'Provisioning', 'DataVolumeError', 'Provisioning']);
  expect(story.slice(-2)).toEqual(['Starting', 'Running']);
  expect(stage.condition('flaps', 'DataVolumesReady')).toMatchObject({ status: 'True', reason: 'AllDVsReady' });
});

test('a disk from a template belongs to the machine and goes with it', async () => {
  await stage.createVm('owner', withDisk('owner-root', '/small.qcow2', 'replicated', immediate));
  await stage.shows('owner', 'Running');
  await stage.client.delete(virtualMachines, stage.ref('owner'));
  await stage.isGone('owner');
  const gone = async (): Promise<boolean> =>
    (await stage.client.get(persistentVolumeClaims, stage.ref('owner-root'))) === undefined &&
    (await stage.client.get(dataVolumes, stage.ref('owner-root'))) === undefined;
  await expect.poll(gone, { timeout: 10_000 }).toBe(true);
});

test('a claim that waits for its first consumer gets it from the machine', async () => {
  await stage.createVm('consumer', withDisk('consumer-root', '/small.qcow2', 'local'));
  await stage.shows('consumer', 'Running');
  const story = stage.story('consumer');
  expect(story).toContain('WaitingForVolumeBinding');
  expect(story.at(-1)).toBe('Running');
});

test('a halted machine shows what its disk does', async () => {
  const spec = withDisk('halted-root', '/404', 'replicated', immediate);
  await stage.createVm('halted', { ...spec, runStrategy: 'Halted' });
  await stage.shows('halted', 'DataVolumeError');
  expect(stage.vmi('halted')).toBeUndefined();
});

test('a machine may name a disk that is imported beside it', async () => {
  await stage.client.create(dataVolumes, {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { ...stage.ref('beside'), annotations: immediate },
    spec: {
      source: { http: { url: new URL('/small.qcow2?bytesPerSecond=2000000', images.url).href } },
      storage: { storageClassName: 'replicated', resources: { requests: { storage: '3Gi' } } },
    },
  });
  await stage.createVm('beside', { template: machineTemplate([{ name: 'root', dataVolume: { name: 'beside' } }]) });
  await stage.shows('beside', 'Provisioning');
  await stage.until('it is Pending without a pod', () => stage.vmi('beside')?.status?.phase === 'Pending');
  expect(stage.launcher('beside')).toBeUndefined();
  await stage.shows('beside', 'Running');
});

test('nothing went wrong that nobody expected', () => {
  expect(stage.errors).toEqual([]);
});
