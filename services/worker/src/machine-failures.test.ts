/**
 * Machines that do not run, for every reason that the simulated cluster can play: each with its own code, a plain
 * sentence without the cluster's words, and those words for the operator.
 */
import type { VmFailureCode, VmInstance } from '@compute/domain';
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SimulatedCluster } from './fixtures/simulated-cluster.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

const LIMIT_MS = 60_000;

let stack: WorkerStack<SimulatedCluster>;
beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedCluster.start());
  await stack.startWorker({ pace: { retry: { firstMs: 100, ceilingMs: 1_000 }, sweepEveryMs: 100 } });
}, LIMIT_MS);
afterEach(() => stack.cluster.simulator.controllers.switches.reset());
afterAll(() => stack.close());

const switches = () => stack.cluster.simulator.controllers.switches;

const nodes = resourceKind<KubeObject>({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });

async function setHugepages(size: string): Promise<void> {
  const { client } = stack.cluster.simulator;
  const { items } = await client.list(nodes);
  const status = { allocatable: { 'hugepages-2Mi': size } };
  await Promise.all(
    items.map(({ metadata }) => client.mergePatch(nodes, metadata, { status }, { subresource: 'status' })),
  );
}

async function fails(vm: VmInstance, code: VmFailureCode): Promise<VmInstance> {
  const failed = await stack.until(vm, (now) => now?.phase === 'Failed' && now.status.failure?.code === code);
  const { failure } = (failed as VmInstance).status;
  expect(failure).toMatchObject({ message: expect.stringMatching(/\.$/), detail: expect.stringMatching(/./) });
  expect(failure?.message).not.toContain(failure?.detail);
  return failed as VmInstance;
}

test(
  'no node takes it, for want of room or of huge pages, until one does',
  async () => {
    switches().update({ unschedulable: [{ name: '*homeless*' }] });
    await setHugepages('0');
    const [homeless, huge] = [await stack.wantVm('homeless'), await stack.wantVm('huge', { instanceType: 'm1.large' })];
    const [, failed] = await Promise.all([fails(homeless, 'Unschedulable'), fails(huge, 'HugepagesMissing')]);
    expect(failed.status.failure?.detail).toContain('hugepages-2Mi');
    switches().reset();
    await setHugepages('128Gi');
    const [{ status }] = await Promise.all([stack.untilPhase(homeless, 'Running'), stack.untilPhase(huge, 'Running')]);
    expect(status).not.toHaveProperty('failure');
  },
  LIMIT_MS,
);

test(
  'its image cannot be pulled, until it can',
  async () => {
    switches().update({ imagePullFailures: [{ name: '*imageless*' }] });
    const vm = await stack.wantVm('imageless');
    await fails(vm, 'LauncherImageMissing');
    switches().reset();
    await stack.untilPhase(vm, 'Running');
  },
  LIMIT_MS,
);

test(
  'it is killed for want of memory again and again',
  async () => {
    switches().update({ outOfMemory: [{ name: '*hungry*' }] });
    const vm = await stack.wantVm('hungry');
    const failed = await fails(vm, 'LauncherOutOfMemory');
    expect(failed.status.failure?.detail).toContain('OOMKilled');
    switches().reset();
    await stack.untilPhase(vm, 'Running');
  },
  LIMIT_MS,
);

test(
  'its node is lost',
  async () => {
    const vm = await stack.untilPhase(await stack.wantVm('orphaned'), 'Running');
    const machine = await stack.cluster.machine('vm-instance-orphaned');
    switches().update({ lostNodes: [machine?.status?.nodeName ?? ''] });
    await fails(vm, 'NodeLost');
  },
  LIMIT_MS,
);

test(
  'the cluster knows neither its type nor its profile',
  async () => {
    await fails(await stack.wantVm('typeless', { instanceType: 'x1.none' }), 'InstanceTypeMissing');
    const vm = await stack.wantVm('profileless', { instanceProfile: 'plan9' });
    const failed = await fails(vm, 'ProfileMissing');
    await stack.editVm(failed, { instanceProfile: 'ubuntu' });
    await stack.untilPhase(vm, 'Running');
  },
  LIMIT_MS,
);

test(
  'the namespace has no quota left for it',
  async () => {
    const quotas = resourceKind<KubeObject>({
      group: '',
      version: 'v1',
      kind: 'ResourceQuota',
      plural: 'resourcequotas',
      namespaced: true,
    });
    const { namespace } = (await stack.store.project(stack.project)) ?? { namespace: '' };
    const { client } = stack.cluster.simulator;
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace },
      spec: { hard: { pods: '0' } },
    };
    await client.create(quotas, quota);
    const vm = await stack.wantVm('too-many');
    await fails(vm, 'ClusterComputeQuota');
    await client.delete(quotas, { name: 'none', namespace });
    await stack.untilPhase(vm, 'Running');
  },
  LIMIT_MS,
);
