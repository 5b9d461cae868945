import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinCatalogue, Fault, type VmInstance } from '@compute/domain';
import type { KubeObject, ObjectRef, ResourceKind } from '@compute/kube-client';
import { type Interceptor, StatusError } from '@compute/kube-wire';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { diskRow, vmRow } from './fixtures/rows.ts';
import { openTestCluster, startWireCluster, type WireCluster } from './fixtures/wire-cluster.ts';
import {
  claims,
  clusterInstancetypes,
  clusterPreferences,
  dataVolumes,
  secrets,
  services,
  virtualMachineInstances,
  virtualMachines,
} from './kinds.ts';

const APPLIES = ['applyCloudInitSecret', 'applySshKeysSecret', 'applyVirtualMachine', 'applyService'] as const;

let wire: WireCluster;
let namespace: string;
let tells: string[];

beforeAll(async () => {
  wire = await startWireCluster();
  wire.cluster.onChange(({ uid }) => tells.push(uid));
});
afterAll(() => wire.close());
beforeEach(async () => {
  namespace = `tenant-${randomUUID().slice(0, 8)}`;
  tells = [];
});

const diskTarget = (disk = diskRow({}, { uid: randomUUID() })) => ({ disk, namespace });
const vmTarget = (vm: VmInstance) => ({ vm, namespace, disks: [] });
const exposedVm = (): VmInstance =>
  vmRow(
    { external: true, externalPorts: [22], disks: ['system'], sshKeys: ['ssh-rsa A'], cloudInit: '#cloud-config\n' },
    { uid: randomUUID() },
  );

async function withNamespace(): Promise<void> {
  const made = await wire.cluster.performDiskAction({ do: 'ensureNamespace' }, diskTarget());
  expect(made).toEqual({ result: 'done' });
}

async function withVm(vm = exposedVm()): Promise<VmInstance> {
  await withNamespace();
  for (const action of APPLIES) {
    expect(await wire.cluster.performVmAction({ do: action }, vmTarget(vm))).toEqual({ result: 'done' });
  }
  await vi.waitFor(() => expect(wire.cluster.observeVm(vmTarget(vm)).virtualMachine).toBeDefined());
  return vm;
}

async function withDataVolume(target = diskTarget()) {
  await withNamespace();
  expect(await wire.cluster.performDiskAction({ do: 'applyDataVolume' }, target)).toEqual({ result: 'done' });
  await vi.waitFor(() => expect(wire.cluster.observeDisk(target).dataVolume).toBeDefined());
  return target;
}

async function live<T extends KubeObject>(kind: ResourceKind<T>, name: string): Promise<T> {
  const object = await wire.client.get(kind, { namespace, name });
  if (object === undefined) throw new Error(`no ${kind.kind} ${name}`);
  return object;
}

/** A claim as CDI makes it: with the labels of the DataVolume. */
async function makeClaim({ disk }: ReturnType<typeof diskTarget>, storage = '20Gi'): Promise<ObjectRef> {
  const { metadata } = await live(dataVolumes, `vm-disk-${disk.name}`);
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'replicated',
    resources: { requests: { storage } },
  };
  const name = metadata.name;
  await wire.client.create(claims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, ...(metadata.labels === undefined ? {} : { labels: metadata.labels }) },
    spec,
  });
  return { namespace, name };
}

describe('a machine in the cluster', () => {
  it('is there after its actions, and a second time changes nothing', async () => {
    const vm = await withVm();
    const objects = [
      [virtualMachines, 'vm-instance-web'],
      [services, 'vm-instance-web'],
      [secrets, 'vm-instance-web-ssh-keys'],
      [secrets, 'vm-instance-web-cloud-init'],
    ] as const;
    const versions = async () => {
      const read = objects.map(([kind, name]) => live<KubeObject>(kind as ResourceKind, name));
      return (await Promise.all(read)).map(({ metadata }) => metadata.resourceVersion);
    };
    const before = await versions();
    for (const action of APPLIES) await wire.cluster.performVmAction({ do: action }, vmTarget(vm));
    expect(await versions()).toEqual(before);
  });

  it('shows the hashes that it renders to, so that a planner finds nothing to do', async () => {
    const vm = await withVm();
    const { startsWith, ...hashes } = wire.cluster.renderVm(vmTarget(vm));
    expect(startsWith).toMatchObject({ instanceType: 'u1.medium', disks: ['system'], hasKeys: true });
    await vi.waitFor(() => {
      const seen = wire.cluster.observeVm(vmTarget(vm));
      expect({
        virtualMachine: seen.virtualMachine?.manifestHash,
        service: seen.service?.manifestHash,
        cloudInitSecret: seen.cloudInitSecret?.manifestHash,
        sshKeysSecret: seen.sshKeysSecret?.manifestHash,
        contents: {
          virtualMachine: seen.virtualMachine?.content,
          service: seen.service?.content,
          cloudInitSecret: seen.cloudInitSecret?.content,
          sshKeysSecret: seen.sshKeysSecret?.content,
        },
      }).toEqual(hashes);
    });
  });

  it('loses the fields that its spec no longer asks for', async () => {
    const vm = await withVm();
    const custom = {
      ...vm,
      generation: 2,
      spec: { ...vm.spec, instanceType: '', resources: { cpu: '2', memory: '4Gi' }, sshKeys: [], cloudInit: '' },
    };
    await wire.cluster.performVmAction({ do: 'applyVirtualMachine' }, vmTarget(custom));
    const { spec } = await live(virtualMachines, 'vm-instance-web');
    expect(spec).not.toHaveProperty('instancetype');
    expect(spec.template.spec).not.toHaveProperty('accessCredentials');
    expect(spec.template.spec.domain.cpu).toEqual({ cores: 2, sockets: 1 });
  });

  it('keeps its firmware when the seed is cleared', async () => {
    const seeded = vmRow({ cloudInitSeed: 'one' }, { uid: randomUUID() });
    await withVm(seeded);
    const uuid = async () => (await live(virtualMachines, 'vm-instance-web')).spec.template.spec.domain.firmware?.uuid;
    const before = await uuid();
    const cleared = { ...seeded, generation: 2, spec: { ...seeded.spec, cloudInitSeed: '' } };
    await wire.cluster.performVmAction({ do: 'applyVirtualMachine' }, vmTarget(cleared));
    expect(await uuid()).toBe(before);
  });

  it('takes back what somebody else changed', async () => {
    const vm = await withVm();
    await wire.client.mergePatch(
      virtualMachines,
      { namespace, name: 'vm-instance-web' },
      { spec: { runStrategy: 'Halted' } },
      { fieldManager: 'somebody' },
    );
    await wire.cluster.performVmAction({ do: 'applyVirtualMachine' }, vmTarget(vm));
    expect((await live(virtualMachines, 'vm-instance-web')).spec.runStrategy).toBe('Always');
  });

  it('is deleted only if it is the one that was seen', async () => {
    const vm = await withVm();
    const seen = wire.cluster.observeVm(vmTarget(vm));
    const uid = seen.virtualMachine?.uid ?? '';
    await wire.cluster.performVmAction({ do: 'deleteVirtualMachine', uid: randomUUID() }, vmTarget(vm));
    expect(await live(virtualMachines, 'vm-instance-web')).toBeDefined();
    const remove = () => wire.cluster.performVmAction({ do: 'deleteVirtualMachine', uid }, vmTarget(vm));
    expect(await remove()).toEqual({ result: 'done' });
    expect(await remove()).toEqual({ result: 'done' });
    expect(await wire.cluster.leftovers(vm, namespace)).not.toContain('VirtualMachine/vm-instance-web');
  });

  it('leaves nothing when everything of it is deleted, and what is left is told by name', async () => {
    const vm = await withVm();
    expect((await wire.cluster.leftovers(vm, namespace)).sort()).toEqual([
      'Secret/vm-instance-web-cloud-init',
      'Secret/vm-instance-web-ssh-keys',
      'Service/vm-instance-web',
      'VirtualMachine/vm-instance-web',
    ]);
    const seen = wire.cluster.observeVm(vmTarget(vm));
    const deletions = [
      { do: 'deleteVirtualMachine', uid: seen.virtualMachine?.uid ?? '' },
      { do: 'deleteService', uid: seen.service?.uid ?? '' },
      { do: 'deleteCloudInitSecret', uid: seen.cloudInitSecret?.uid ?? '' },
      { do: 'deleteSshKeysSecret', uid: seen.sshKeysSecret?.uid ?? '' },
    ] as const;
    for (const action of deletions) await wire.cluster.performVmAction(action, vmTarget(vm));
    expect(await wire.cluster.leftovers(vm, namespace)).toEqual([]);
  });

  it('is not gone while something of it has merely lost its label, which comes back', async () => {
    const vm = await withVm();
    const label = 'compute.cozystack.io/uid';
    const bare = { metadata: { labels: { [label]: null } } };
    const objects: readonly [ResourceKind, string][] = [
      [virtualMachines, 'vm-instance-web'],
      [secrets, 'vm-instance-web-ssh-keys'],
    ];
    for (const [kind, name] of objects) {
      await wire.client.mergePatch(kind, { namespace, name }, bare, { fieldManager: 'somebody' });
      expect(await wire.cluster.leftovers(vm, namespace)).toContain(`${kind.kind}/${name}`);
      expect((await live(kind, name)).metadata.labels?.[label]).toBe(vm.uid);
    }
  });

  it('is refused when its name belongs to something else, which stays as it was', async () => {
    await withNamespace();
    const name = 'vm-instance-web';
    const data = { password: 'c2VjcmV0' };
    const foreign = { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${name}-ssh-keys`, namespace } };
    await wire.client.create(secrets, { ...foreign, type: 'Opaque', data });
    const outcome = await wire.cluster.performVmAction({ do: 'applySshKeysSecret' }, vmTarget(exposedVm()));
    expect(outcome).toMatchObject({ result: 'refused', reason: 'NameTaken' });
    expect((await live(secrets, `${name}-ssh-keys`)).data).toEqual(data);
  });
});

describe('a disk in the cluster', () => {
  it('waits for its namespace', async () => {
    const outcome = await wire.cluster.performDiskAction({ do: 'applyDataVolume' }, diskTarget());
    expect(outcome).toMatchObject({ result: 'retry', reason: 'NotFound' });
    expect(wire.cluster.observeDisk(diskTarget()).namespaceExists).toBe(false);
    await withNamespace();
    await vi.waitFor(() => expect(wire.cluster.observeDisk(diskTarget()).namespaceExists).toBe(true));
  });

  it('shows what CDI says of it, and its claim', async () => {
    const target = await withDataVolume();
    const ref = await makeClaim(target);
    const status = { phase: 'ImportInProgress', progress: '42.00%', restartCount: 1 };
    await wire.client.mergePatch(dataVolumes, ref, { status }, { subresource: 'status' });
    await wire.client.mergePatch(
      claims,
      ref,
      { status: { phase: 'Bound', capacity: { storage: '21474836480' } } },
      { subresource: 'status' },
    );
    await vi.waitFor(() =>
      expect(wire.cluster.observeDisk(target)).toMatchObject({
        dataVolume: { phase: 'ImportInProgress', percent: 42, restartCount: 1 },
        claim: { phase: 'Bound', capacity: '20Gi', capacityMib: 20_480, requestedMib: 20_480 },
        usedByMachines: [],
      }),
    );
  });

  it('keeps its spec when it is applied again after it has grown, since CDI refuses a change', async () => {
    const target = await withDataVolume();
    const grown = { ...target.disk, generation: 2, spec: { ...target.disk.spec, storage: '40Gi' } };
    const again = await wire.cluster.performDiskAction({ do: 'applyDataVolume' }, { disk: grown, namespace });
    expect(again).toEqual({ result: 'done' });
    const { spec, metadata } = await live(dataVolumes, 'vm-disk-system');
    expect(spec.storage.resources.requests.storage).toBe('20Gi');
    expect(metadata.annotations?.['compute.cozystack.io/generation']).toBe('2');
  });

  it('grows by its claim, which never shrinks', async () => {
    const target = await withDataVolume();
    const ref = await makeClaim(target);
    await wire.client.mergePatch(claims, ref, { status: { phase: 'Bound' } }, { subresource: 'status' });
    await vi.waitFor(() => expect(wire.cluster.observeDisk(target).claim?.phase).toBe('Bound'));
    const grow = (storage: string) => wire.cluster.performDiskAction({ do: 'growClaim', storage }, target);
    const requested = async () => (await live(claims, ref.name)).spec?.resources?.requests?.storage;
    expect(await grow('40Gi')).toEqual({ result: 'done' });
    expect(await requested()).toBe('40Gi');
    await vi.waitFor(() => expect(wire.cluster.observeDisk(target).claim?.requestedMib).toBe(40_960));
    expect(await grow('30Gi')).toEqual({ result: 'done' });
    expect(await requested()).toBe('40Gi');
  });

  it('is not taken from somebody who has the name', async () => {
    await withNamespace();
    const spec = { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } };
    await wire.client.create(dataVolumes, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name: 'vm-disk-system', namespace },
      spec,
    });
    const outcome = await wire.cluster.performDiskAction({ do: 'applyDataVolume' }, diskTarget());
    expect(outcome).toMatchObject({ result: 'refused', reason: 'NameTaken' });
    expect(wire.cluster.observeDisk(diskTarget()).dataVolume).toBeUndefined();
    expect((await live(dataVolumes, 'vm-disk-system')).metadata.labels).toBeUndefined();
  });
});

describe('news from the cluster', () => {
  it('name the row whose object changed, and are silent about what no planner asks for', async () => {
    const target = await withDataVolume();
    const ref = { namespace, name: 'vm-disk-system' };
    const { uid } = target.disk;
    tells = [];
    await wire.client.mergePatch(dataVolumes, ref, { metadata: { annotations: { noise: '1' } } });
    const condition = { type: 'Bound', status: 'False', reason: 'Pending', message: 'm' };
    const write = (status: object) => wire.client.mergePatch(dataVolumes, ref, { status }, { subresource: 'status' });
    await write({ phase: 'Pending', conditions: [{ ...condition, lastHeartbeatTime: '2026-11-22T12:00:00Z' }] });
    await write({ phase: 'Pending', conditions: [{ ...condition, lastHeartbeatTime: '2026-11-22T12:00:01Z' }] });
    await write({ phase: 'ImportScheduled' });
    await vi.waitFor(() => expect(wire.cluster.observeDisk(target).dataVolume?.phase).toBe('ImportScheduled'));
    expect(tells).toEqual([uid, uid]);
  });

  it('tell a disk which machine has it, or will have it when it starts', async () => {
    const target = await withDataVolume();
    const vm = await withVm();
    const { metadata } = await live(virtualMachines, 'vm-instance-web');
    const users = () => wire.cluster.observeDisk(target).usedByMachines;
    await vi.waitFor(() => expect(users()).toEqual(['web']));
    await wire.client.create(virtualMachineInstances, {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstance',
      metadata: {
        name: metadata.name,
        namespace,
        ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      },
      spec: { domain: { devices: {} }, volumes: [{ name: 'disk-system', dataVolume: { name: 'vm-disk-system' } }] },
    });
    await vi.waitFor(() => expect(wire.cluster.observeVm(vmTarget(vm)).machine?.disks).toEqual(['system']));

    const without = { ...vm, spec: { ...vm.spec, disks: [] } };
    await wire.cluster.performVmAction({ do: 'applyVirtualMachine' }, vmTarget(without));
    await vi.waitFor(() => expect(wire.cluster.observeVm(vmTarget(without)).virtualMachine?.disks).toEqual([]));
    expect(users()).toEqual(['web']);
    tells = [];
    await wire.client.delete(virtualMachineInstances, { namespace, name: metadata.name });
    await vi.waitFor(() => expect(users()).toEqual([]));
    expect(new Set(tells)).toEqual(new Set([vm.uid, target.disk.uid]));
  });

  it('tell how fresh the picture is', () => {
    const { synced, waitingFor, lastEventAt } = wire.cluster.health();
    expect({ synced, waitingFor }).toEqual({ synced: true, waitingFor: [] });
    expect(lastEventAt?.getTime()).toBeGreaterThan(Date.now() - 120_000);
  });
});

describe('the catalogue in the cluster', () => {
  it('is completed where types are missing, never changed where they are, and told where they differ', async () => {
    const other = { cpu: { guest: 3 }, memory: { guest: '5Gi' } };
    const meta = { apiVersion: 'instancetype.kubevirt.io/v1beta1' };
    await wire.client.create(clusterInstancetypes, {
      ...meta,
      kind: 'VirtualMachineClusterInstancetype',
      metadata: { name: 'u1.medium' },
      spec: other,
    });
    await wire.client.create(clusterPreferences, {
      ...meta,
      kind: 'VirtualMachineClusterPreference',
      metadata: { name: 'ubuntu' },
      spec: {},
    });
    const first = await wire.cluster.installCatalogue();
    expect(first.installed).toHaveLength(builtinCatalogue.instanceTypes.length - 1);
    expect(first.installed).toContain('s1.3large');
    expect(first.differing).toEqual([
      { name: 'u1.medium', wanted: { vcpu: 1, memoryMib: 4096 }, found: { vcpu: 3, memoryMib: 5120 } },
    ]);
    expect(first.missingProfiles).toContain('windows.2k25');
    expect(first.missingProfiles).not.toContain('ubuntu');
    expect((await wire.cluster.installCatalogue()).installed).toEqual([]);
    expect((await wire.client.get(clusterInstancetypes, { name: 'u1.medium' }))?.spec).toEqual(other);
  });
});

describe('a cluster in trouble', () => {
  it('is a retry with the time that it asks for', async () => {
    const busy: Interceptor = {
      before: async ({ verb, resource }) => {
        if (verb === 'patch' && resource === 'namespaces')
          throw new StatusError(429, 'TooManyRequests', 'slow down', { retryAfterSeconds: 3 });
        return 'pass';
      },
      after: () => 'pass',
      watch: () => undefined,
      backend: (_facts, backend) => backend,
    };
    const troubled = await startWireCluster({ faults: busy });
    try {
      const outcome = await troubled.cluster.performDiskAction({ do: 'ensureNamespace' }, diskTarget());
      expect(outcome).toMatchObject({ result: 'retry', reason: 'TooManyRequests', retryAfterMs: 3_000 });
    } finally {
      await troubled.close();
    }
  });

  it('that was never reached is not taken for an empty one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
    const kubeconfig = join(folder, 'kubeconfig');
    const entry = (part: object) => [{ name: 'x', ...part }];
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      clusters: entry({ cluster: { server: 'http://127.0.0.1:1' } }),
      contexts: entry({ context: { cluster: 'x', user: 'x' } }),
      users: entry({ user: {} }),
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const cluster = await openTestCluster(kubeconfig);
    expect(cluster.health()).toMatchObject({ synced: false });
    expect(cluster.health().waitingFor).toContain('datavolumes');
    expect(() => cluster.observeDisk(diskTarget())).toThrow(Fault);
    await cluster.close();
    await expect(cluster.synced()).rejects.toThrow();
    await rm(folder, { recursive: true });
  });
});
