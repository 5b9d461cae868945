/**
 * A VMDisk as a CDI DataVolume. `spec.storage` leaves access and volume mode to CDI's profile of the storage class.
 *
 * CDI never accepts a change of a DataVolume's spec, and a disk grows through its claim, so the size is not part of the
 * hash: growing a disk must not ask for its DataVolume to be applied again.
 */
import { type Catalogue, Fault, findImage, type VmDisk } from '@compute/domain';
import type { ObjectMeta } from '@compute/kube-client';
import type { DataVolume, DataVolumeSpec } from '../kinds.ts';
import { manifestHash, stamped } from './manifest-hash.ts';
import { diskObjectName } from './object-names.ts';
import { ownershipLabels } from './ownership.ts';

export const OPTICAL_ANNOTATION = 'vm-disk.cozystack.io/optical';
const BIND_IMMEDIATELY_ANNOTATION = 'cdi.kubevirt.io/storage.bind.immediate.requested';

export interface DiskManifestInput {
  readonly disk: VmDisk;
  readonly namespace: string;
  readonly catalogue: Catalogue;
}

/** Throws `InvalidArgument` for an image that the catalogue does not have. */
export function renderDataVolume({ disk, namespace, catalogue }: DiskManifestInput): DataVolume {
  const manifest: DataVolume = {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: {
      name: diskObjectName(disk.name),
      namespace,
      ...dataVolumeMarks(disk),
    },
    spec: {
      contentType: 'kubevirt',
      source: dataVolumeSource(disk, namespace, catalogue),
      storage: {
        resources: { requests: { storage: disk.spec.storage } },
        storageClassName: disk.spec.storageClass,
      },
    },
  };
  return stamped(manifest, hashWithoutSize(manifest), disk.generation);
}

/** What is written about the disk on its DataVolume beside the spec. */
export function dataVolumeMarks(disk: VmDisk): Required<Pick<ObjectMeta, 'labels' | 'annotations'>> {
  return {
    labels: ownershipLabels(disk),
    annotations: {
      [OPTICAL_ANNOTATION]: String(disk.spec.optical),
      // Without it a class that waits for its first consumer would start the import only when a machine starts.
      [BIND_IMMEDIATELY_ANNOTATION]: 'true',
    },
  };
}

function dataVolumeSource(disk: VmDisk, namespace: string, catalogue: Catalogue): DataVolumeSpec['source'] {
  const { http, image, disk: origin } = disk.spec.source;
  if (http) return { http: { url: http.url, ...(http.checksum ? { checksum: http.checksum } : {}) } };
  if (origin) return { pvc: { namespace, name: diskObjectName(origin.name) } };
  if (!image) return { blank: {} };
  const known = findImage(catalogue, image.name);
  if (!known) throw new Fault('InvalidArgument', `There is no image '${image.name}'.`);
  return { pvc: { namespace: known.namespace, name: known.claim } };
}

function hashWithoutSize(manifest: DataVolume): string {
  const { storageClassName = '' } = manifest.spec.storage;
  const storage = { storageClassName, resources: { requests: { storage: '' } } };
  return manifestHash({ ...manifest, spec: { ...manifest.spec, storage } });
}
