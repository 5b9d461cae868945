// The claim that a DataVolume asks for. `spec.pvc` is taken as it is; `spec.storage` is completed from the class's profile and, on
// filesystems, made larger, because the image file shares the volume with the filesystem's own data.
import type { DataVolume, DataVolumeStorage, PersistentVolumeClaim } from '../kinds.ts';
import { parseBytes } from '../kubevirt/quantity.ts';
import { annotation, cdiLabels } from './annotations.ts';
import type { StorageFacts } from './storage-facts.ts';

/** Part of a filesystem volume that an image cannot use. */
export const filesystemOverhead = 0.06;

const mebibyte = 2 ** 20;

/** The wish cannot be turned into a claim; the message is CDI's. */
export class ClaimNotValid extends Error {
  override readonly name = 'ClaimNotValid';
}

type ClaimSpec = PersistentVolumeClaim['spec'];

/** The claim's spec. `sourceBytes` is the size of a clone's source, used when no size is asked for. Throws ClaimNotValid. */
export function renderClaimSpec(dataVolume: DataVolume, facts: StorageFacts, sourceBytes?: number): ClaimSpec {
  const { pvc, storage } = dataVolume.spec;
  if (pvc !== undefined) return withSize(pvc as ClaimSpec, pvc.resources?.requests?.storage, sourceBytes);
  if (storage === undefined) throw new ClaimNotValid('datavolume one of {pvc, storage} field is required');
  return renderStorage(storage, facts, sourceBytes);
}

function renderStorage(storage: DataVolumeStorage, facts: StorageFacts, sourceBytes: number | undefined): ClaimSpec {
  const storageClass = facts.classOf(storage.storageClassName);
  const sets = storageClass === undefined ? [] : facts.claimProperties(storageClass);
  if (storage.accessModes === undefined || storage.accessModes.length === 0) {
    if (storageClass === undefined) {
      throw new ClaimNotValid('PVC spec is missing accessMode and no storageClass to choose profile');
    }
    if (sets.length === 0) {
      throw new ClaimNotValid(`no accessMode specified in StorageProfile ${storageClass.metadata.name}`);
    }
  }
  const fitting = sets.find(
    (set) =>
      (storage.volumeMode === undefined || set.volumeMode === storage.volumeMode) &&
      (storage.accessModes ?? []).every((mode) => set.accessModes?.includes(mode)),
  );
  const volumeMode = storage.volumeMode ?? fitting?.volumeMode ?? 'Filesystem';
  const accessModes = storage.accessModes ?? (fitting ?? sets[0])?.accessModes ?? [];
  const wanted = storage.resources?.requests?.storage;
  const bytes = wanted === undefined ? sourceBytes : parseBytes(wanted);
  if (bytes === undefined) throw new ClaimNotValid('PVC size is missing');
  const className = storage.storageClassName ?? storageClass?.metadata.name;
  return {
    ...(className === undefined ? {} : { storageClassName: className }),
    accessModes,
    volumeMode,
    resources: { requests: { storage: String(volumeMode === 'Filesystem' ? inflated(bytes) : bytes) } },
  };
}

function withSize(spec: ClaimSpec, wanted: string | undefined, sourceBytes: number | undefined): ClaimSpec {
  if (wanted !== undefined || sourceBytes === undefined) return spec;
  return { ...spec, resources: { ...spec.resources, requests: { storage: String(sourceBytes) } } };
}

/** The size of a filesystem volume on which a file of this size fits. */
export function inflated(bytes: number): number {
  return Math.ceil(bytes / (1 - filesystemOverhead) / mebibyte) * mebibyte;
}

/** The claim of a DataVolume without what depends on the way it is filled. */
export function claimFor(dataVolume: DataVolume, spec: ClaimSpec, usesPopulator: boolean): PersistentVolumeClaim {
  const { name, namespace, uid = '', labels, annotations } = dataVolume.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...cdiLabels, ...labels },
      annotations: {
        ...annotations,
        [annotation.podRestarts]: '0',
        [annotation.contentType]: dataVolume.spec.contentType ?? 'kubevirt',
        [annotation.preallocationRequested]: String(dataVolume.spec.preallocation ?? false),
        [annotation.createdForDataVolume]: uid,
        [annotation.usePopulator]: String(usesPopulator),
      },
      ownerReferences: [
        {
          apiVersion: dataVolume.apiVersion,
          kind: 'DataVolume',
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}
