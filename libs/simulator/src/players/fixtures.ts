// A small cluster to begin with: nodes, the two storage classes of the platform, and what CDI knows about them.
// Installing is repeatable: what is there already is left as it is, so that a user's changes survive a restart.
import { isAlreadyExists, type KubeClient, type KubeObject, type ResourceKind } from '@compute/kube-client';
import {
  csiDrivers,
  type Node,
  nodes,
  type StorageClass,
  type StorageProfile,
  storageClasses,
  storageProfiles,
} from '../kinds.ts';

export const provisionerName = 'linstor.csi.linbit.com';

export interface FixtureOptions {
  /** Number of nodes, 3. */
  nodes?: number;
  /** What each node can give to pods. */
  allocatable?: Record<string, string>;
}

const defaultAllocatable: Record<string, string> = {
  cpu: '64',
  memory: '512Gi',
  pods: '500',
  'ephemeral-storage': '1Ti',
  'hugepages-2Mi': '128Gi',
  'hugepages-1Gi': '128Gi',
  'devices.kubevirt.io/kvm': '1k',
  'devices.kubevirt.io/tun': '1k',
  'devices.kubevirt.io/vhost-net': '1k',
};

/** Creates nodes, the classes `replicated` and `local`, the CSI driver and the storage profiles, unless they are there. */
export async function installFixtures(client: KubeClient, options: FixtureOptions = {}): Promise<void> {
  const allocatable = { ...defaultAllocatable, ...options.allocatable };
  for (let index = 1; index <= (options.nodes ?? 3); index += 1) {
    const node = nodeOf(index, allocatable);
    const created = await createIfAbsent(client, nodes, node);
    // A real API server taints every new node as not ready, and here no kubelet says that it is.
    if (created) await client.mergePatch(nodes, node.metadata, { spec: { taints: null } });
  }
  await createIfAbsent(client, csiDrivers, csiDriver);
  await createIfAbsent(client, storageClasses, storageClassOf('replicated', 'Immediate', true));
  await createIfAbsent(client, storageClasses, storageClassOf('local', 'WaitForFirstConsumer', false));
  await createIfAbsent(client, storageProfiles, profileOf('replicated'));
  await createIfAbsent(client, storageProfiles, profileOf('local'));
}

async function createIfAbsent<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
): Promise<boolean> {
  try {
    await client.create(kind, object);
    const { status } = object;
    if (status !== undefined) await client.mergePatch(kind, object.metadata, { status }, { subresource: 'status' });
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return false;
  }
}

function nodeOf(index: number, allocatable: Record<string, string>): Node {
  const name = `node${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubevirt.io/schedulable': 'true',
        'machine-type.node.kubevirt.io/q35': 'true',
        'topology.kubernetes.io/zone': `zone-${String.fromCharCode(96 + index)}`,
      },
    },
    spec: {},
    status: {
      capacity: allocatable,
      allocatable,
      addresses: [
        { type: 'InternalIP', address: `192.168.100.${10 + index}` },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        osImage: 'Simulated',
        kubeletVersion: 'v1.35.4',
        containerRuntimeVersion: 'simulated://1',
        kernelVersion: '6.12.0',
      },
    },
  };
}

const csiDriver: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: provisionerName },
  spec: { attachRequired: true, podInfoOnMount: true, volumeLifecycleModes: ['Persistent'] },
};

function storageClassOf(
  name: string,
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer',
  isDefault: boolean,
): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      ...(isDefault ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : {}),
    },
    provisioner: provisionerName,
    parameters: { 'linstor.csi.linbit.com/autoPlace': name === 'replicated' ? '3' : '1' },
    reclaimPolicy: 'Delete',
    volumeBindingMode,
    allowVolumeExpansion: true,
  };
}

function profileOf(name: string): StorageProfile {
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'StorageProfile',
    metadata: { name },
    spec: {},
    status: {
      storageClass: name,
      provisioner: provisionerName,
      cloneStrategy: 'copy',
      claimPropertySets: [
        { accessModes: ['ReadWriteMany'], volumeMode: 'Block' },
        { accessModes: ['ReadWriteOnce'], volumeMode: 'Block' },
        { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
      ],
    },
  };
}
