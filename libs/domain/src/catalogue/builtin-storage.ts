/** The storage classes of the specification and the golden images that the platform offers. */
import type { Image, StorageClass } from './entries.ts';

export const builtinStorageClasses: readonly StorageClass[] = [
  { name: 'replicated', description: '3x replicated storage', replicated: true, default: true },
  { name: 'local', description: 'Local storage on the node', replicated: false, default: false },
];

const MIN_STORAGE_GIB: Readonly<Record<string, number>> = {
  'almalinux-8': 11,
  'almalinux-9': 11,
  'almalinux-10': 11,
  'rocky-8': 11,
  'rocky-9': 11,
  'rocky-10': 11,
  'centos-stream-9': 11,
  'centos-stream-10': 11,
  'debian-11': 4,
  'debian-12': 4,
  'debian-13': 4,
  'ubuntu-2204': 4,
  'ubuntu-2404': 4,
  'oracle-8': 40,
  'oracle-9': 40,
  'oracle-10': 40,
  'opensuse-156': 1,
  'opensuse-160': 2,
  'cloudlinux-8': 8,
  'cloudlinux-9': 9,
  'proxmox-8': 2,
  'proxmox-9': 2,
  'talos-112': 8,
};

export const builtinImages: readonly Image[] = Object.entries(MIN_STORAGE_GIB).map(([name, gib]) => ({
  name,
  namespace: 'cozy-public',
  claim: `vm-default-images-${name}`,
  minStorageMib: gib * 1024,
}));
