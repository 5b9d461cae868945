/**
 * The golden images of the platform: filled claims in a namespace of their own, from which disks of every project are
 * cloned. Like the rest of a furnished cluster they are there before anybody comes; nobody imported them.
 */
import { isAlreadyExists, type KubeClient } from '@compute/kube-client';
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../kinds.ts';
import { provisionerName } from '../players/fixtures.ts';

export const goldenImagesNamespace = 'cozy-public';
const className = 'replicated';

/** Sizes in GiB by distribution, as the platform's package of images lists them. */
const sizesGib: Readonly<Record<string, number>> = {
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

/** Makes the claims and their volumes, unless they are there. The namespace must exist. */
export async function installGoldenImages(client: KubeClient): Promise<void> {
  await Promise.all(Object.entries(sizesGib).map(([name, gib]) => install(client, name, `${gib}Gi`)));
}

async function install(client: KubeClient, image: string, storage: string): Promise<void> {
  const ref = { name: `vm-default-images-${image}`, namespace: goldenImagesNamespace };
  try {
    const claim = await client.create(persistentVolumeClaims, claimOf(ref, storage));
    const volume = await client.create(persistentVolumes, volumeOf(claim, storage));
    const phase = { phase: 'Bound' as const };
    await client.mergePatch(persistentVolumes, volume.metadata, { status: phase }, { subresource: 'status' });
    const status = { ...phase, accessModes: claim.spec.accessModes, capacity: { storage } };
    await client.mergePatch(persistentVolumeClaims, ref, { status }, { subresource: 'status' });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function claimOf(ref: { name: string; namespace: string }, storage: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...ref, labels: { 'app.kubernetes.io/part-of': 'vm-default-images' } },
    spec: {
      accessModes: ['ReadWriteMany'],
      volumeMode: 'Block',
      storageClassName: className,
      volumeName: ref.name,
      resources: { requests: { storage } },
    },
  };
}

function volumeOf({ metadata }: PersistentVolumeClaim, storage: string): PersistentVolume {
  const { name, namespace = '', uid = '' } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisionerName } },
    spec: {
      accessModes: ['ReadWriteMany'],
      volumeMode: 'Block',
      storageClassName: className,
      persistentVolumeReclaimPolicy: 'Retain',
      capacity: { storage },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      csi: { driver: provisionerName, volumeHandle: name },
    },
  };
}
