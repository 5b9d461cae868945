/** The OS profiles of the specification, with what the cluster's preference of the same name demands of a machine. */
import type { InstanceProfile } from './entries.ts';

type Row = readonly [name: string, title: string, minMemoryMib: number, deprecated?: 'deprecated'];

const LINUX: readonly Row[] = [
  ['alpine', 'Alpine', 512],
  ['centos.7', 'CentOS 7', 1024, 'deprecated'],
  ['centos.7.desktop', 'CentOS 7 Desktop', 1024, 'deprecated'],
  ['centos.stream10', 'CentOS Stream 10', 1536],
  ['centos.stream10.desktop', 'CentOS Stream 10 Desktop', 1536],
  ['centos.stream8', 'CentOS Stream 8', 1536, 'deprecated'],
  ['centos.stream8.desktop', 'CentOS Stream 8 Desktop', 1536, 'deprecated'],
  ['centos.stream9', 'CentOS Stream 9', 1536],
  ['centos.stream9.desktop', 'CentOS Stream 9 Desktop', 1536],
  ['cirros', 'Cirros', 256],
  ['fedora', 'Fedora', 2048],
  ['opensuse.leap', 'OpenSUSE Leap', 2048],
  ['opensuse.tumbleweed', 'OpenSUSE Tumbleweed', 2048],
  ['rhel.10', 'Red Hat Enterprise Linux 10 Beta', 1536],
  ['rhel.7', 'Red Hat Enterprise Linux 7', 1024],
  ['rhel.7.desktop', 'Red Hat Enterprise Linux 7 Desktop', 1024],
  ['rhel.8', 'Red Hat Enterprise Linux 8', 1536],
  ['rhel.8.desktop', 'Red Hat Enterprise Linux 8 Desktop', 1536],
  ['rhel.9', 'Red Hat Enterprise Linux 9', 1536],
  ['rhel.9.desktop', 'Red Hat Enterprise Linux 9 Desktop', 1536],
  ['sles', 'SUSE Linux Enterprise Server', 2048],
  ['ubuntu', 'Ubuntu', 2048],
];
const WINDOWS: readonly Row[] = [
  ['windows.2k16', 'Microsoft Windows Server 2016', 2048],
  ['windows.2k16.virtio', 'Microsoft Windows Server 2016 (virtio)', 2048],
  ['windows.2k19', 'Microsoft Windows Server 2019', 2048],
  ['windows.2k19.virtio', 'Microsoft Windows Server 2019 (virtio)', 2048],
  ['windows.2k22', 'Microsoft Windows Server 2022', 2048],
  ['windows.2k22.virtio', 'Microsoft Windows Server 2022 (virtio)', 2048],
  ['windows.2k25', 'Microsoft Windows Server 2025', 2048],
  ['windows.2k25.virtio', 'Microsoft Windows Server 2025 (virtio)', 2048],
];

const profiles = (os: InstanceProfile['os'], rows: readonly Row[]): InstanceProfile[] =>
  rows.map(([name, title, minMemoryMib, deprecated]) => ({
    name,
    title,
    os,
    deprecated: deprecated !== undefined,
    minVcpu: 1,
    minMemoryMib,
  }));

export const builtinProfiles: readonly InstanceProfile[] = [
  ...profiles('linux', LINUX),
  ...profiles('windows', WINDOWS),
];
