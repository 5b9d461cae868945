/** Two clusters behind one database: each worker does the work of the projects that are placed on its own, and no other. */
import { randomUUID } from 'node:crypto';
import { claimOfDisk, type VmDisk } from '@compute/domain';
import { KubeClient, resourceKind } from '@compute/kube-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedStory } from './fixtures/simulated-story.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';
import { type RunningWorker, readWorkerConfig, startWorker } from './index.ts';

const LIMIT_MS = 60_000;
const dataVolumes = resourceKind({
  ...{ group: 'cdi.kubevirt.io', version: 'v1beta1', namespaced: true },
  ...{ kind: 'DataVolume', plural: 'datavolumes' },
});

let stack: WorkerStack<SimulatedStory>;
let east: SimulatedStory;
let eastWorker: RunningWorker;
beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedStory.start());
  east = await SimulatedStory.start();
  await stack.startWorker();
  const settings = { ...stack.environment, CLUSTER_ID: 'east', KUBECONFIG: east.kubeconfigPath };
  eastWorker = await startWorker(readWorkerConfig(settings));
});
afterAll(async () => {
  await eastWorker.close();
  await east.close();
  await stack.close();
});

async function wantDiskIn(project: string, name: string): Promise<VmDisk> {
  const spec: VmDisk['spec'] = { source: {}, optical: false, storage: '1Gi', storageClass: 'replicated' };
  const { resource } = await stack.store.create({
    ...{ actor: { type: 'user', id: 'story' }, project, requestId: randomUUID() },
    ...{ kind: 'VMDisk', name, spec, phase: 'Pending', claim: claimOfDisk(spec) },
    status: { conditions: [], observedGeneration: 0, attachedTo: [] },
  });
  return resource as VmDisk;
}

async function volumesIn(cluster: SimulatedStory): Promise<string[]> {
  const client = KubeClient.fromKubeconfigFile(cluster.kubeconfigPath, {});
  const { items } = await client.list(dataVolumes);
  await client.close();
  return items.map(({ metadata }) => metadata.name);
}

const isReady = async (project: string, name: string) =>
  (await stack.store.get('VMDisk', project, name))?.phase === 'Ready';

test(
  'a disk is made in the cluster that its project is placed on, and only there',
  async () => {
    await stack.store.createProject('far', { clusterId: 'east' });
    await Promise.all([wantDiskIn('far', 'over-there'), wantDiskIn(stack.project, 'over-here')]);
    await expect.poll(() => isReady('far', 'over-there'), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => isReady(stack.project, 'over-here'), { timeout: 30_000 }).toBe(true);
    expect(await volumesIn(east)).toEqual(['vm-disk-over-there']);
    expect(await volumesIn(stack.cluster)).toEqual(['vm-disk-over-here']);
  },
  LIMIT_MS,
);

test(
  'what is woken waits for the workers of its own cluster, and the others go on',
  async () => {
    await eastWorker.close();
    const waiting = await wantDiskIn('far', 'waiting');
    await wantDiskIn(stack.project, 'not-waiting');
    await expect.poll(() => isReady(stack.project, 'not-waiting'), { timeout: 30_000 }).toBe(true);
    expect((await stack.store.load(waiting.uid))?.resource.status.observedGeneration).toBe(0);
    const settings = { ...stack.environment, CLUSTER_ID: 'east', KUBECONFIG: east.kubeconfigPath };
    eastWorker = await startWorker(readWorkerConfig(settings));
    await expect.poll(() => isReady('far', 'waiting'), { timeout: 30_000 }).toBe(true);
  },
  LIMIT_MS,
);

test('a project cannot be placed on a cluster that no worker has ever driven', async () => {
  await expect(stack.store.createProject('nowhere', { clusterId: 'west' })).rejects.toThrow(
    "There is no cluster 'west'",
  );
});
