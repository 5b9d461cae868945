// What a DataVolume has made for it: its claim, and the source object that a populator reads. Both are made once and never changed.
import { controllerRef, isAlreadyExists } from '@compute/kube-client';
import {
  type DataVolume,
  type DataVolumeSource,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  type TypedReference,
  volumeCloneSources,
  volumeImportSources,
} from '../kinds.ts';
import { annotation } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { claimFor, renderClaimSpec } from './claim-spec.ts';
import { sourceSizeBytes } from './clone-source.ts';
import { importAnnotations } from './import-annotations.ts';

const apiVersion = 'cdi.kubevirt.io/v1beta1';

/** Creates the claim. Throws ClaimNotValid, and KubeError when the API server refuses it (quota). */
export async function createClaim(
  context: CdiContext,
  dataVolume: DataVolume,
  source: DataVolumeSource,
): Promise<PersistentVolumeClaim> {
  const spec = renderClaimSpec(dataVolume, context.storage, sourceSizeBytes(dataVolume, context));
  const populated = usesPopulator(context, dataVolume, spec.storageClassName);
  const claim = claimFor(dataVolume, spec, populated);
  if (populated) {
    await createSourceObject(context, dataVolume, source);
    claim.spec.dataSourceRef = sourceReference(dataVolume, source);
  }
  const added = populated ? foreignNamespace(dataVolume, source) : directFilling(dataVolume, source);
  claim.metadata.annotations = { ...claim.metadata.annotations, ...added };
  return context.client.create(persistentVolumeClaims, claim);
}

/** The source object is there as long as it may be needed, and goes when the DataVolume is done. */
export async function keepSourceObject(
  context: CdiContext,
  dataVolume: DataVolume,
  source: DataVolumeSource,
  claim: PersistentVolumeClaim,
): Promise<void> {
  const { namespace = '' } = dataVolume.metadata;
  const kind = source.pvc === undefined ? volumeImportSources : volumeCloneSources;
  const informer = source.pvc === undefined ? context.importSources : context.cloneSources;
  const { name } = sourceReference(dataVolume, source);
  const there = informer.get(namespace, name) !== undefined;
  const filled = claim.metadata.annotations?.[annotation.podPhase] === 'Succeeded' || claim.status?.phase === 'Bound';
  const done = dataVolume.status?.phase === 'Succeeded' && filled;
  if (done && there) await context.client.delete(kind, { namespace, name });
  if (!done && !there && claim.spec.volumeName === undefined) await createSourceObject(context, dataVolume, source);
}

/** Whether the claim was there before and is taken as it is. */
export function isAdopted(dataVolume: DataVolume, claim: PersistentVolumeClaim): boolean {
  const annotations = claim.metadata.annotations ?? {};
  const allowed =
    dataVolume.metadata.annotations?.[annotation.allowClaimAdoption] === 'true' ||
    annotations[annotation.allowClaimAdoption] === 'true';
  const created = annotations[annotation.createdForDataVolume] === dataVolume.metadata.uid;
  return annotations[annotation.populatedFor] === dataVolume.metadata.name || (allowed && !created);
}

function usesPopulator(context: CdiContext, dataVolume: DataVolume, className: string | undefined): boolean {
  const asked = dataVolume.metadata.annotations?.[annotation.usePopulator];
  return asked === undefined ? context.storage.usesPopulators(className) : asked === 'true';
}

async function createSourceObject(
  context: CdiContext,
  dataVolume: DataVolume,
  source: DataVolumeSource,
): Promise<void> {
  const { namespace } = dataVolume.metadata;
  const metadata = {
    name: sourceReference(dataVolume, source).name,
    ...(namespace === undefined ? {} : { namespace }),
    ownerReferences: [controllerRef(dataVolume)],
  };
  try {
    if (source.pvc === undefined) {
      const contentType = dataVolume.spec.contentType ?? 'kubevirt';
      const spec = { source: source.http === undefined ? { blank: {} } : { http: source.http }, contentType };
      await context.client.create(volumeImportSources, { apiVersion, kind: 'VolumeImportSource', metadata, spec });
    } else {
      const spec = { source: { kind: 'PersistentVolumeClaim', name: source.pvc.name } };
      await context.client.create(volumeCloneSources, { apiVersion, kind: 'VolumeCloneSource', metadata, spec });
    }
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function sourceReference(dataVolume: DataVolume, source: DataVolumeSource): TypedReference {
  const { uid } = dataVolume.metadata;
  const apiGroup = 'cdi.kubevirt.io';
  if (source.pvc === undefined) return { apiGroup, kind: 'VolumeImportSource', name: `volume-import-source-${uid}` };
  return { apiGroup, kind: 'VolumeCloneSource', name: `volume-clone-source-${uid}` };
}

function foreignNamespace(dataVolume: DataVolume, { pvc }: DataVolumeSource): Record<string, string> {
  const foreign = pvc?.namespace !== undefined && pvc.namespace !== dataVolume.metadata.namespace;
  return foreign ? { [annotation.dataSourceNamespace]: pvc.namespace ?? '' } : {};
}

// Without a populator the claim itself says what it is to be filled with.
function directFilling(dataVolume: DataVolume, source: DataVolumeSource): Record<string, string> {
  if (source.pvc === undefined) return importAnnotations(source);
  return { [annotation.cloneRequest]: `${source.pvc.namespace ?? dataVolume.metadata.namespace}/${source.pvc.name}` };
}
