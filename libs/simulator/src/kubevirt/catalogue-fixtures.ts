/**
 * What a cluster of the platform offers before anybody adds to it: upstream's instance types of the series u1 and m1, and the
 * preferences that the specification lists. The series s1 is not upstream's: whoever wants it installs it.
 */
import { isAlreadyExists, type KubeClient, type KubeObject, type ResourceKind } from '@compute/kube-client';
import type { Instancetype, InstancetypeSpec, Preference, PreferenceSpec } from './instancetype.ts';
import { clusterInstancetypes, clusterPreferences } from './kinds.ts';

type Size = readonly [name: string, vcpus: number, memory: string];

const U1: readonly Size[] = [
  ['nano', 1, '512Mi'],
  ['micro', 1, '1Gi'],
  ['small', 1, '2Gi'],
  ['medium', 1, '4Gi'],
  ['2xmedium', 2, '4Gi'],
  ['large', 2, '8Gi'],
  ['xlarge', 4, '16Gi'],
  ['2xlarge', 8, '32Gi'],
  ['4xlarge', 16, '64Gi'],
  ['8xlarge', 32, '128Gi'],
];
const M1: readonly Size[] = [
  ['large', 2, '16Gi'],
  ['xlarge', 4, '32Gi'],
  ['2xlarge', 8, '64Gi'],
  ['4xlarge', 16, '128Gi'],
  ['8xlarge', 32, '256Gi'],
];

/** Least memory by preference; a preference asks for one vCPU. */
const LINUX: Readonly<Record<string, string>> = {
  alpine: '512Mi',
  cirros: '256Mi',
  ubuntu: '2Gi',
  fedora: '2Gi',
  'centos.7': '1Gi',
  'centos.7.desktop': '1Gi',
  'centos.stream8': '1536Mi',
  'centos.stream8.desktop': '1536Mi',
  'centos.stream9': '1536Mi',
  'centos.stream9.desktop': '1536Mi',
  'centos.stream10': '1536Mi',
  'centos.stream10.desktop': '1536Mi',
  'rhel.7': '1Gi',
  'rhel.7.desktop': '1Gi',
  'rhel.8': '1536Mi',
  'rhel.8.desktop': '1536Mi',
  'rhel.9': '1536Mi',
  'rhel.9.desktop': '1536Mi',
  'rhel.10': '1536Mi',
  sles: '2Gi',
  'opensuse.leap': '2Gi',
  'opensuse.tumbleweed': '2Gi',
};
const WINDOWS = ['windows.2k16', 'windows.2k19', 'windows.2k22', 'windows.2k25'] as const;

/** Creates what is not there; what is there stays as it is. */
export async function installCatalogueFixtures(client: KubeClient): Promise<void> {
  for (const type of [...series('u1', U1, {}), ...series('m1', M1, { pageSize: '2Mi' })])
    await createIfAbsent(client, clusterInstancetypes, type);
  for (const preference of preferencesOfPlatform()) await createIfAbsent(client, clusterPreferences, preference);
}

function series(name: string, sizes: readonly Size[], hugepages: { pageSize?: string }): Instancetype[] {
  return sizes.map(([size, guest, memory]) => {
    const spec: InstancetypeSpec = {
      cpu: { guest },
      memory: {
        guest: memory,
        ...(hugepages.pageSize === undefined ? {} : { hugepages: { pageSize: hugepages.pageSize } }),
      },
    };
    return {
      apiVersion: 'instancetype.kubevirt.io/v1beta1',
      kind: 'VirtualMachineClusterInstancetype',
      metadata: { name: `${name}.${size}`, labels: labelsOf(`${guest}`, memory, size) },
      spec,
    };
  });
}

const labelsOf = (cpu: string, memory: string, size: string): Record<string, string> => ({
  'instancetype.kubevirt.io/vendor': 'kubevirt.io',
  'instancetype.kubevirt.io/cpu': cpu,
  'instancetype.kubevirt.io/memory': memory,
  'instancetype.kubevirt.io/size': size,
});

function preferencesOfPlatform(): Preference[] {
  const linux = Object.entries(LINUX).map(([name, memory]) =>
    preference(name, memory, { preferredDiskBus: 'virtio', preferredInterfaceModel: 'virtio' }),
  );
  const windows = WINDOWS.flatMap((name) => [
    preference(name, '2Gi', { preferredDiskBus: 'sata', preferredInterfaceModel: 'e1000e' }),
    preference(`${name}.virtio`, '2Gi', { preferredDiskBus: 'virtio', preferredInterfaceModel: 'virtio' }),
  ]);
  return [...linux, ...windows];
}

function preference(name: string, memory: string, devices: NonNullable<PreferenceSpec['devices']>): Preference {
  return {
    apiVersion: 'instancetype.kubevirt.io/v1beta1',
    kind: 'VirtualMachineClusterPreference',
    metadata: {
      name,
      labels: { 'instancetype.kubevirt.io/os-type': name.startsWith('windows') ? 'windows' : 'linux' },
    },
    spec: { requirements: { cpu: { guest: 1 }, memory: { guest: memory } }, devices },
  };
}

async function createIfAbsent<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
): Promise<void> {
  try {
    await client.create(kind, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
