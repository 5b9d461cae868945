/**
 * Disks that come from other disks and from golden images, disks that the cluster cannot make, and disks that grow, on
 * the simulated cluster.
 */
import type { VmDisk } from '@compute/domain';
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SimulatedCluster } from './fixtures/simulated-cluster.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

const LIMIT_MS = 60_000;
const core = (kind: string, plural: string) =>
  resourceKind<KubeObject>({ group: '', version: 'v1', kind, plural, namespaced: true });
const claims = core('PersistentVolumeClaim', 'persistentvolumeclaims');
const quotas = core('ResourceQuota', 'resourcequotas');
const storageClasses = resourceKind<KubeObject>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
});

let stack: WorkerStack<SimulatedCluster>;
beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedCluster.start({ goldenImages: true, timeScale: 50 }), undefined, {
    IMPORT_DEADLINE_UNSTARTED_SECONDS: '4',
  });
  await stack.startWorker({ pace: { retry: { firstMs: 100, ceilingMs: 1_000 }, sweepEveryMs: 100 } });
}, LIMIT_MS);
afterAll(() => stack.close());

const client = () => stack.cluster.simulator.client;
const readyReason = (disk: VmDisk | undefined) => disk?.status.conditions.find(({ type }) => type === 'Ready')?.reason;
const untilReason = (disk: VmDisk, reason: string) => stack.until(disk, (now) => readyReason(now) === reason);

describe('a disk from a golden image', () => {
  test(
    'is cloned from the platform’s own namespace',
    async () => {
      const disk = await stack.wantDisk('noble', { source: { image: { name: 'ubuntu-2404' } }, storage: '10Gi' });
      const { status } = await stack.untilPhase(disk, 'Ready');
      expect(status).toMatchObject({ capacity: '10Gi', import: { phase: 'Done', percent: 100 } });
    },
    LIMIT_MS,
  );

  test(
    'fails with its own code when the cluster does not have the image',
    async () => {
      const name = 'vm-default-images-talos-112';
      await client().delete(claims, { namespace: 'cozy-public', name });
      await client()
        .mergePatch(claims, { namespace: 'cozy-public', name }, { metadata: { finalizers: null } })
        .catch(() => undefined);
      const disk = await stack.wantDisk('talos', { source: { image: { name: 'talos-112' } }, storage: '10Gi' });
      await untilReason(disk, 'ImageMissing');
      const { status } = await stack.untilPhase(disk, 'Failed');
      expect(status.failure?.code).toBe('ImageMissing');
    },
    LIMIT_MS,
  );
});

describe('a clone', () => {
  test(
    'waits for its source, which it names, and is made when that is ready',
    async () => {
      const copy = await stack.wantDisk('copy', { source: { disk: { name: 'origin' } } });
      const waiting = await untilReason(copy, 'SourceDiskNotFound');
      expect(waiting?.status.conditions.find(({ type }) => type === 'Ready')?.message).toContain("'origin'");
      const origin = await stack.wantDisk('origin', { source: {} });
      await stack.untilPhase(origin, 'Ready');
      await stack.untilPhase(copy, 'Ready');
      await stack.requestDeletion(origin);
      await stack.untilGone(origin);
    },
    LIMIT_MS,
  );

  test(
    'fails when its source is larger, and is made when it has grown to the same size',
    async () => {
      const origin = await stack.wantDisk('wide', { source: {}, storage: '12Gi' });
      const copy = await stack.wantDisk('narrow', { source: { disk: { name: 'wide' } }, storage: '10Gi' });
      const failed = await stack.untilPhase(copy, 'Failed');
      expect(failed.status.failure).toMatchObject({
        code: 'SourceDiskTooLarge',
        message: expect.stringContaining('12 GiB'),
      });
      await stack.untilPhase(origin, 'Ready');
      await stack.editDisk(failed, { storage: '12Gi' });
      await stack.untilPhase(copy, 'Ready');
    },
    LIMIT_MS,
  );

  test(
    'says which machine must let go of its source',
    async () => {
      const origin = await stack.wantDisk('busy', { source: {} });
      const vm = await stack.wantVm('holder', { disks: ['busy'] });
      await stack.untilPhase(origin, 'Ready');
      const running = await stack.untilPhase(vm, 'Running');
      const copy = await stack.wantDisk('of-busy', { source: { disk: { name: 'busy' } } });
      const waiting = await untilReason(copy, 'SourceDiskInUse');
      expect(waiting?.status.conditions.find(({ type }) => type === 'Ready')?.message).toContain('holder');
      await stack.editVm(running, { running: false });
      await stack.untilPhase(copy, 'Ready');
    },
    LIMIT_MS,
  );
});

describe('a namespace without storage quota', () => {
  const limit = async (storage: string | undefined) => {
    const { namespace } = (await stack.store.project(stack.project)) ?? { namespace: '' };
    await client()
      .delete(quotas, { namespace, name: 'storage' })
      .catch(() => undefined);
    const spec = { hard: { 'requests.storage': storage } };
    const metadata = { name: 'storage', namespace };
    if (storage)
      await client().create(quotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec } as KubeObject);
  };

  test.each([
    ['for the disk', '1Gi'],
    ['for the second time that an import needs, which an event alone tells', '315Gi'],
  ])(
    'fails the disk %s, and retry makes it when there is room',
    async (_which, storage) => {
      const size = storage === '1Gi' ? '10Gi' : '200Gi';
      const name = storage === '1Gi' ? 'refused' : 'refused-twice';
      await limit(storage);
      const failed = await stack.untilPhase(await stack.wantDisk(name, { source: {}, storage: size }), 'Failed');
      expect(failed.status.failure).toMatchObject({
        code: 'ClusterStorageQuota',
        detail: expect.stringMatching(/quota/i),
      });
      await limit(undefined);
      await stack.retry(failed);
      await stack.untilPhase(failed, 'Ready');
    },
    LIMIT_MS,
  );
});

describe('a disk that grows', () => {
  test(
    'has its new size when the cluster gives it',
    async () => {
      const disk = await stack.untilPhase(await stack.wantDisk('growing', { source: {} }), 'Ready');
      await stack.editDisk(disk, { storage: '15Gi' });
      await stack.untilPhase(disk, 'Resizing');
      const grown = await stack.untilPhase(disk, 'Ready');
      expect(grown.status.capacity).toBe('15Gi');
      expect(grown.status.conditions).toContainEqual(expect.objectContaining({ type: 'Resized', status: 'True' }));
    },
    LIMIT_MS,
  );

  test(
    'stays ready as it is, and says so, when its class cannot expand',
    async () => {
      const disk = await stack.untilPhase(await stack.wantDisk('fixed', { source: {} }), 'Ready');
      await client().mergePatch(storageClasses, { name: 'replicated' }, { allowVolumeExpansion: false });
      await stack.editDisk(disk, { storage: '15Gi' });
      const refused = await stack.until(disk, (now) => now?.status.failure?.code === 'GrowRefused');
      expect(refused).toMatchObject({ phase: 'Ready', status: { capacity: '10Gi' } });
      expect(refused?.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
      expect(refused?.status.conditions).toContainEqual(expect.objectContaining({ type: 'Resized', status: 'False' }));
    },
    LIMIT_MS,
  );
});
