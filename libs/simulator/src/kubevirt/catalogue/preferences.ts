/** The cluster's preferences: what each operating system needs at least, and which devices it is given. */
import type { Preference, PreferenceSpec } from '../instancetype.ts';

type Firmware = 'bios' | 'efi' | 'secure' | 'secure-tpm';

interface Row {
  vcpus: number;
  memory: string;
  firmware?: Firmware;
  windows?: 'sata' | 'virtio';
  deprecated?: true;
}

const LINUX: Record<string, Row> = {
  alpine: { vcpus: 1, memory: '512Mi' },
  cirros: { vcpus: 1, memory: '256Mi' },
  ubuntu: { vcpus: 1, memory: '2Gi' },
  debian: { vcpus: 1, memory: '512Mi', firmware: 'efi' },
  fedora: { vcpus: 1, memory: '2Gi', firmware: 'secure' },
  'centos.7': { vcpus: 1, memory: '1Gi', deprecated: true },
  'centos.7.desktop': { vcpus: 1, memory: '1Gi', deprecated: true },
  'centos.stream8': { vcpus: 1, memory: '1536Mi', deprecated: true },
  'centos.stream8.desktop': { vcpus: 1, memory: '1536Mi', deprecated: true },
  'centos.stream9': { vcpus: 1, memory: '1536Mi' },
  'centos.stream9.desktop': { vcpus: 1, memory: '1536Mi' },
  'centos.stream10': { vcpus: 1, memory: '1536Mi' },
  'centos.stream10.desktop': { vcpus: 1, memory: '1536Mi' },
  'opensuse.leap': { vcpus: 1, memory: '2Gi' },
  'opensuse.tumbleweed': { vcpus: 1, memory: '2Gi' },
  'rhel.7': { vcpus: 1, memory: '1Gi' },
  'rhel.7.desktop': { vcpus: 1, memory: '1Gi' },
  'rhel.8': { vcpus: 1, memory: '1536Mi' },
  'rhel.8.desktop': { vcpus: 1, memory: '1536Mi' },
  'rhel.9': { vcpus: 1, memory: '1536Mi', firmware: 'secure' },
  'rhel.9.desktop': { vcpus: 1, memory: '1536Mi', firmware: 'secure' },
  'rhel.10': { vcpus: 1, memory: '1536Mi', firmware: 'secure' },
  sles: { vcpus: 1, memory: '2Gi' },
  oraclelinux: { vcpus: 2, memory: '4Gi', firmware: 'efi' },
};

const WINDOWS: Record<string, Row> = {
  'windows.2k16': { vcpus: 1, memory: '2Gi', firmware: 'secure' },
  'windows.2k19': { vcpus: 1, memory: '2Gi', firmware: 'secure' },
  'windows.2k22': { vcpus: 1, memory: '2Gi', firmware: 'secure-tpm' },
  'windows.2k25': { vcpus: 1, memory: '2Gi', firmware: 'secure-tpm' },
};

/** The objects to install. */
export function clusterPreferenceObjects(): Preference[] {
  const windows = Object.entries(WINDOWS).flatMap(([name, row]) => [
    preference(name, { ...row, windows: 'sata' }),
    preference(`${name}.virtio`, { ...row, windows: 'virtio' }),
  ]);
  return [...Object.entries(LINUX).map(([name, row]) => preference(name, row)), ...windows];
}

function preference(name: string, row: Row): Preference {
  const system = row.windows === undefined ? 'linux' : 'windows';
  return {
    apiVersion: 'instancetype.kubevirt.io/v1beta1',
    kind: 'VirtualMachineClusterPreference',
    metadata: {
      name,
      labels: {
        'instancetype.kubevirt.io/os-type': system,
        'instancetype.kubevirt.io/vendor': 'kubevirt.io',
        ...(row.deprecated === true ? { 'instancetype.kubevirt.io/deprecated': 'true' } : {}),
      },
      annotations: { 'openshift.io/display-name': name },
    },
    spec: preferenceSpec(row),
  };
}

function preferenceSpec(row: Row): PreferenceSpec {
  const virtio = row.windows !== 'sata';
  return {
    requirements: { cpu: { guest: row.vcpus }, memory: { guest: row.memory } },
    devices: {
      preferredDiskBus: virtio ? 'virtio' : 'sata',
      preferredCdromBus: 'sata',
      preferredInterfaceModel: virtio ? 'virtio' : 'e1000e',
      ...(row.windows === undefined ? { preferredRng: {} } : {}),
      ...(row.firmware === 'secure-tpm' ? { preferredTPM: { persistent: true } } : {}),
    },
    ...firmwareOf(row.firmware),
    ...(row.windows === undefined
      ? {}
      : { cpu: { preferredCPUTopology: 'sockets' }, preferredTerminationGracePeriodSeconds: 3600 }),
  };
}

function firmwareOf(firmware: Firmware = 'bios'): Pick<PreferenceSpec, 'firmware' | 'features'> {
  if (firmware === 'bios') return {};
  const secureBoot = firmware !== 'efi';
  const persistent = firmware === 'secure-tpm' ? { persistent: true } : {};
  return {
    firmware: { preferredEfi: { secureBoot, ...persistent } },
    ...(secureBoot ? { features: { preferredSmm: {} } } : {}),
  };
}
