/** Somebody changes our objects in the cluster by hand: what is found, and what each policy does about it. */
import type { VmInstance } from '@compute/domain';
import { KubeClient, type KubeObject, type ResourceKind, resourceKind } from '@compute/kube-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SimulatedStory } from './fixtures/simulated-story.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';
import type { RunningWorker } from './index.ts';

const LIMIT_MS = 60_000;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1mZ0J3Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9v me@example.test';

interface Machine extends KubeObject {
  spec: {
    instancetype?: { name: string };
    template: { spec: { terminationGracePeriodSeconds: number } };
  };
}
interface Service extends KubeObject {
  spec: { ports?: { port: number }[]; externalTrafficPolicy?: string };
}
const core = { group: '', version: 'v1', namespaced: true };
const claims = resourceKind<KubeObject>({ ...core, kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' });
const services = resourceKind<Service>({ ...core, kind: 'Service', plural: 'services' });
const secrets = resourceKind<KubeObject>({ ...core, kind: 'Secret', plural: 'secrets' });
const virtualMachines = resourceKind<Machine>({
  ...{ group: 'kubevirt.io', version: 'v1', namespaced: true },
  ...{ kind: 'VirtualMachine', plural: 'virtualmachines' },
});
const dataVolumes = resourceKind<KubeObject>({
  ...{ group: 'cdi.kubevirt.io', version: 'v1beta1', namespaced: true },
  ...{ kind: 'DataVolume', plural: 'datavolumes' },
});

interface Scene {
  readonly stack: WorkerStack<SimulatedStory>;
  readonly person: KubeClient;
  readonly namespace: string;
  readonly worker: RunningWorker;
}

async function open(policy: string): Promise<Scene> {
  const stack = await WorkerStack.startOn(await SimulatedStory.start(), undefined, { DRIFT_POLICY: policy });
  const worker = await stack.startWorker();
  const namespace = (await stack.store.project(stack.project))?.namespace ?? '';
  const person = KubeClient.fromKubeconfigFile(stack.cluster.kubeconfigPath, { fieldManager: 'kubectl-edit' });
  return { stack, person, namespace, worker };
}

async function close({ stack, person }: Scene): Promise<void> {
  await person.close();
  await stack.close();
}

async function exposedMachine({ stack }: Scene, name: string): Promise<VmInstance> {
  const disk = await stack.wantDisk(`${name}-root`, { source: {}, storage: '1Gi' });
  const vm = await stack.wantVm(name, { disks: [`${name}-root`], external: true, sshKeys: [KEY] });
  await stack.untilPhase(disk, 'Ready');
  await stack.untilPhase(vm, 'Running');
  return settled(stack, vm);
}

const specApplied = (vm: VmInstance | undefined) => vm?.status.conditions.find(({ type }) => type === 'SpecApplied');

async function settled(stack: Scene['stack'], vm: VmInstance): Promise<VmInstance> {
  return (await stack.until(vm, (now) => specApplied(now as VmInstance)?.status === 'True')) as VmInstance;
}

/** How many times the history says that something was changed by hand. */
async function toldOf({ stack }: Scene, vm: VmInstance): Promise<number> {
  const { items } = await stack.store.history({ project: stack.project, uid: vm.uid, limit: 1_000 });
  return items.filter(({ reason }) => reason === 'DriftedByHand').length;
}

/** One hand on one object: how it is changed, and what must be there again afterwards. */
interface Hand {
  readonly kind: ResourceKind<KubeObject>;
  readonly name: (vm: string) => string;
  readonly patch: Record<string, unknown>;
  readonly look: (object: KubeObject) => unknown;
}

const hand = <T extends KubeObject>(
  kind: ResourceKind<T>,
  rest: Omit<Hand, 'kind' | 'look'> & { readonly look: (object: T) => unknown },
): Hand => ({ kind, ...rest }) as unknown as Hand;

const HANDS: Readonly<Record<string, Hand>> = {
  'a field of the template': hand(virtualMachines, {
    name: (vm) => `vm-instance-${vm}`,
    patch: { spec: { template: { spec: { terminationGracePeriodSeconds: 1 } } } },
    look: ({ spec }) => spec.template.spec.terminationGracePeriodSeconds,
  }),
  'the instance type': hand(virtualMachines, {
    name: (vm) => `vm-instance-${vm}`,
    patch: { spec: { instancetype: { name: 'u1.large' } } },
    look: ({ spec }) => spec.instancetype?.name,
  }),
  'the ports of the Service': hand(services, {
    name: (vm) => `vm-instance-${vm}`,
    patch: { spec: { ports: [{ name: 'port-23', port: 23, protocol: 'TCP' }] } },
    look: ({ spec }) => (spec.ports ?? []).map(({ port }) => port),
  }),
  'what a Secret holds': hand(secrets, {
    name: (vm) => `vm-instance-${vm}-ssh-keys`,
    patch: { data: { key0: Buffer.from('ssh-ed25519 AAAA intruder').toString('base64') } },
    look: ({ data }) => data,
  }),
};

describe('under the policy repair', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await open('repair');
  });
  afterAll(() => close(scene));

  test.each(Object.entries(HANDS))(
    '%s, changed by hand, is put back and told once',
    async (_title, { kind, name, patch, look }) => {
      const vm = await exposedMachine(
        scene,
        'm'.concat(String(Object.values(HANDS).findIndex((one) => one.patch === patch))),
      );
      const ref = { namespace: scene.namespace, name: name(vm.name) };
      const before = look((await scene.person.get(kind, ref)) as KubeObject);
      await scene.person.mergePatch(kind, ref, patch);
      expect(look((await scene.person.get(kind, ref)) as KubeObject)).not.toEqual(before);
      await expect
        .poll(async () => look((await scene.person.get(kind, ref)) as KubeObject), { timeout: 20_000 })
        .toEqual(before);
      await settled(scene.stack, vm);
      await expect.poll(() => toldOf(scene, vm), { timeout: 20_000 }).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    'what others add beside our fields is theirs',
    async () => {
      const vm = await exposedMachine(scene, 'beside');
      const ref = { namespace: scene.namespace, name: 'vm-instance-beside' };
      await scene.person.mergePatch(virtualMachines, ref, { metadata: { labels: { team: 'blue' } } });
      await scene.stack.editVm(vm, { externalPorts: [22, 80], disks: vm.spec.disks });
      await expect
        .poll(async () => (await scene.person.get(services, ref))?.spec.ports?.length, { timeout: 20_000 })
        .toBe(2);
      expect((await scene.person.get(virtualMachines, ref))?.metadata.labels?.team).toBe('blue');
      expect(await toldOf(scene, vm)).toBe(0);
    },
    LIMIT_MS,
  );

  test.each([
    ['a DataVolume', dataVolumes],
    ['its claim', claims],
  ] as const)(
    'the labels of %s come back, and the disk never looks lost',
    async (_title, kind) => {
      const name = kind === claims ? 'labelled-claim' : 'labelled-volume';
      const disk = await scene.stack.wantDisk(name, { source: {}, storage: '1Gi' });
      await scene.stack.untilPhase(disk, 'Ready');
      const ref = { namespace: scene.namespace, name: `vm-disk-${name}` };
      const labelled = async () =>
        (await scene.person.get(kind as ResourceKind<KubeObject>, ref))?.metadata.labels ?? {};
      const before = await labelled();
      for (const label of ['compute.cozystack.io/project', 'compute.cozystack.io/uid']) {
        await scene.person.mergePatch(kind as ResourceKind<KubeObject>, ref, {
          metadata: { labels: { [label]: null } },
        });
        await expect.poll(labelled, { timeout: 20_000 }).toEqual(before);
      }
      const { items } = await scene.stack.store.history({ project: scene.stack.project, uid: disk.uid, limit: 1_000 });
      expect(items.filter(({ to }) => to === 'Failed')).toEqual([]);
      expect((await scene.stack.store.get('VMDisk', scene.stack.project, name))?.phase).toBe('Ready');
    },
    LIMIT_MS,
  );

  test(
    'a machine that lost the label of its row is still that row’s',
    async () => {
      const vm = await exposedMachine(scene, 'unlabelled');
      const ref = { namespace: scene.namespace, name: 'vm-instance-unlabelled' };
      const label = 'compute.cozystack.io/uid';
      await scene.person.mergePatch(virtualMachines, ref, { metadata: { labels: { [label]: null } } });
      await expect
        .poll(async () => (await scene.person.get(virtualMachines, ref))?.metadata.labels?.[label], { timeout: 20_000 })
        .toBe(vm.uid);
    },
    LIMIT_MS,
  );
});

describe('under the policy report', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await open('report');
  });
  afterAll(() => close(scene));

  test(
    'a change by hand is told, stays, and ends with the next change of the spec',
    async () => {
      const vm = await exposedMachine(scene, 'told');
      const ref = { namespace: scene.namespace, name: 'vm-instance-told' };
      await scene.person.mergePatch(services, ref, { spec: { externalTrafficPolicy: 'Cluster' } });
      const told = (await scene.stack.until(
        vm,
        (now) => specApplied(now as VmInstance)?.reason === 'DriftedByHand',
      )) as VmInstance;
      expect(specApplied(told)?.message).toContain('the Service');
      expect((await scene.person.get(services, ref))?.spec.externalTrafficPolicy).toBe('Cluster');
      await scene.stack.editVm(vm, { externalPorts: [22, 80] });
      await settled(scene.stack, vm);
      expect((await scene.person.get(services, ref))?.spec.externalTrafficPolicy).toBe('Local');
      expect(await toldOf(scene, vm)).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    'a machine that lost the label while no worker looked goes all the same when it is deleted',
    async () => {
      const vm = await exposedMachine(scene, 'unseen');
      await scene.worker.close();
      const ref = { namespace: scene.namespace, name: 'vm-instance-unseen' };
      await scene.person.mergePatch(virtualMachines, ref, {
        metadata: { labels: { 'compute.cozystack.io/uid': null } },
      });
      await scene.stack.requestDeletion(vm);
      await scene.stack.startWorker();
      await scene.stack.untilGone(vm);
      expect(await scene.person.get(virtualMachines, ref)).toBeUndefined();
    },
    LIMIT_MS,
  );
});
