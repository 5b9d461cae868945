/** Claims, volumes and the storage group: columns, defaults and the rules the API server keeps for them. */

import type { AdmissionRequest } from '../protocol/admission.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { equalJson, fieldsOf, listOf, readPath } from '../protocol/kube-object.ts';
import { parseQuantity } from '../protocol/quantity.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { forbiddenField, invalidField, requiredField } from '../protocol/status-error.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { accessModes, ageColumn, column, nameColumn, textAt } from './cells.ts';

const builtIn = { strategicMerge: true, unconditionalUpdate: true, generation: 'none' } as const;
const core = { ...builtIn, group: '', version: 'v1' } as const;
const storage = { ...builtIn, group: 'storage.k8s.io', version: 'v1', namespaced: false } as const;

const defaultClass = 'storageclass.kubernetes.io/is-default-class';
const requestPath = 'spec.resources.requests.storage';

function storedText(claim: KubeObject, path: string): string {
  return textAt(claim, path, '');
}

function claimStatus(claim: KubeObject): string {
  return claim.metadata.deletionTimestamp === undefined ? storedText(claim, 'status.phase') : 'Terminating';
}

/** Capacity and modes are shown for bound claims only. */
function whenBound(claim: KubeObject, text: () => string): string {
  return readPath(claim, 'spec.volumeName') === undefined ? '' : text();
}

function prepareClaim({ operation, object, state }: AdmissionRequest): void {
  if (operation !== 'create') return;
  const spec = fieldsOf(object.spec);
  spec.volumeMode ??= 'Filesystem';
  if (spec.storageClassName === undefined) {
    const classes = state.list('storageclasses.storage.k8s.io');
    const found = classes.find(({ metadata }) => metadata.annotations?.[defaultClass] === 'true');
    if (found !== undefined) spec.storageClassName = found.metadata.name;
  }
  if (spec.dataSourceRef === undefined && spec.dataSource !== undefined) spec.dataSourceRef = spec.dataSource;
  if (spec.dataSource === undefined && isLocalSource(spec.dataSourceRef)) spec.dataSource = spec.dataSourceRef;
  object.spec = spec;
  object.status = { phase: 'Pending' };
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes('kubernetes.io/pvc-protection')) {
    object.metadata.finalizers = [...finalizers, 'kubernetes.io/pvc-protection'];
  }
}

function isLocalSource(source: unknown): boolean {
  const { kind, namespace } = fieldsOf(source);
  return namespace === undefined && (kind === 'PersistentVolumeClaim' || kind === 'VolumeSnapshot');
}

function validateClaim({ operation, object, previous, subresource, state }: AdmissionRequest): FieldProblem[] {
  if (operation === 'create') return newClaimProblems(object);
  if (operation !== 'update' || previous === undefined || subresource !== undefined) return [];
  return changedClaimProblems(previous, object, state);
}

function newClaimProblems(claim: KubeObject): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (listOf(readPath(claim, 'spec.accessModes')).length === 0) {
    problems.push(requiredField('spec.accessModes', 'at least 1 access mode is required'));
  }
  const requested = readPath(claim, requestPath);
  if (requested === undefined) problems.push(requiredField('spec.resources[storage]'));
  else if ((parseQuantity(requested) ?? 0) <= 0) {
    problems.push(invalidField(requestPath.replace('.storage', '[storage]'), requested, 'must be greater than zero'));
  }
  return problems;
}

const immutableSpec =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** Only the size of a bound claim may grow; a volume name and selected class may be filled in once. */
function changedClaimProblems(before: KubeObject, after: KubeObject, state: AdmissionRequest['state']): FieldProblem[] {
  const old = fieldsOf(before.spec);
  const next: Fields = { ...fieldsOf(after.spec), resources: old.resources };
  if (old.volumeName === undefined) next.volumeName = undefined;
  if (!equalJson(old, next)) return [forbiddenField('spec', immutableSpec)];
  const oldSize = parseQuantity(readPath(before, requestPath)) ?? 0;
  const newSize = parseQuantity(readPath(after, requestPath)) ?? 0;
  if (newSize < oldSize) {
    return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
  }
  if (newSize > oldSize) return resizeProblems(before, state);
  return [];
}

function resizeProblems(claim: KubeObject, state: AdmissionRequest['state']): FieldProblem[] {
  if (readPath(claim, 'status.phase') !== 'Bound') return [forbiddenField('spec', immutableSpec)];
  const name = String(readPath(claim, 'spec.storageClassName') ?? '');
  const storageClass = state.find('storageclasses.storage.k8s.io', '', name);
  if (storageClass === undefined || storageClass.allowVolumeExpansion === true) return [];
  const why =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  return [forbiddenField('spec.resources.requests.storage', why)];
}

const claimKind: KindDefinition = {
  ...core,
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  schema: kubernetesSchema('PersistentVolumeClaim'),
  shortNames: ['pvc'],
  namespaced: true,
  statusSubresource: true,
  deleteReturnsObject: true,
  mergeKeys: { 'status.conditions': { type: 'map', keys: ['type'] } },
  columns: [
    nameColumn,
    column('Status', claimStatus),
    column('Volume', (claim) => storedText(claim, 'spec.volumeName')),
    column('Capacity', (claim) => whenBound(claim, () => storedText(claim, 'status.capacity.storage'))),
    column('Access Modes', (claim) => whenBound(claim, () => accessModes(readPath(claim, 'status.accessModes')))),
    column('StorageClass', (claim) => storedText(claim, 'spec.storageClassName')),
    column('VolumeAttributesClass', (claim) => textAt(claim, 'spec.volumeAttributesClassName', '<unset>')),
    ageColumn,
    column('VolumeMode', (claim) => textAt(claim, 'spec.volumeMode', '<unset>'), 1),
  ],
  admission: { prepare: prepareClaim, validate: validateClaim },
};

function claimOf(volume: KubeObject): string {
  const reference = fieldsOf(readPath(volume, 'spec.claimRef'));
  return reference.name === undefined ? '' : `${String(reference.namespace)}/${String(reference.name)}`;
}

const volumeKind: KindDefinition = {
  ...core,
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  schema: kubernetesSchema('PersistentVolume'),
  shortNames: ['pv'],
  namespaced: false,
  statusSubresource: true,
  deleteReturnsObject: true,
  columns: [
    nameColumn,
    column('Capacity', (volume) => storedText(volume, 'spec.capacity.storage')),
    column('Access Modes', (volume) => accessModes(readPath(volume, 'spec.accessModes'))),
    column('Reclaim Policy', (volume) => storedText(volume, 'spec.persistentVolumeReclaimPolicy')),
    column('Status', claimStatus),
    column('Claim', claimOf),
    column('StorageClass', (volume) => storedText(volume, 'spec.storageClassName')),
    column('VolumeAttributesClass', (volume) => textAt(volume, 'spec.volumeAttributesClassName', '<unset>')),
    column('Reason', (volume) => storedText(volume, 'status.reason')),
    ageColumn,
    column('VolumeMode', (volume) => textAt(volume, 'spec.volumeMode', '<unset>'), 1),
  ],
  admission: { prepare: prepareVolume },
};

function prepareVolume({ operation, object }: AdmissionRequest): void {
  if (operation !== 'create') return;
  object.spec = { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', ...fieldsOf(object.spec) };
  object.status = { phase: 'Pending', ...fieldsOf(object.status) };
}

const storageClassKind: KindDefinition = {
  ...storage,
  kind: 'StorageClass',
  plural: 'storageclasses',
  schema: kubernetesSchema('StorageClass'),
  shortNames: ['sc'],
  statusSubresource: false,
  columns: [
    { ...nameColumn, value: storageClassName },
    column('Provisioner', (object) => textAt(object, 'provisioner')),
    column('ReclaimPolicy', (object) => textAt(object, 'reclaimPolicy', 'Delete')),
    column('VolumeBindingMode', (object) => textAt(object, 'volumeBindingMode', 'Immediate')),
    column('AllowVolumeExpansion', (object) => object.allowVolumeExpansion === true),
    ageColumn,
  ],
  immutableFields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'].map((path) => ({
    path,
    message: 'field is immutable',
  })),
  admission: {
    prepare: ({ object }) => {
      object.reclaimPolicy ??= 'Delete';
      object.volumeBindingMode ??= 'Immediate';
    },
  },
};

function storageClassName({ metadata }: KubeObject): string {
  return metadata.annotations?.[defaultClass] === 'true' ? `${metadata.name} (default)` : metadata.name;
}

const csiDriverKind: KindDefinition = {
  ...storage,
  kind: 'CSIDriver',
  plural: 'csidrivers',
  schema: kubernetesSchema('CSIDriver'),
  statusSubresource: false,
  columns: [
    nameColumn,
    column('AttachRequired', (object) => readPath(object, 'spec.attachRequired') !== false),
    column('PodInfoOnMount', (object) => readPath(object, 'spec.podInfoOnMount') === true),
    column('StorageCapacity', (object) => readPath(object, 'spec.storageCapacity') === true),
    column('TokenRequests', (object) => tokenAudiences(object)),
    column('RequiresRepublish', (object) => readPath(object, 'spec.requiresRepublish') === true),
    column('Modes', (object) => listOf(readPath(object, 'spec.volumeLifecycleModes')).join(',') || 'Persistent'),
    ageColumn,
  ],
};

function tokenAudiences(object: KubeObject): string {
  const audiences = listOf(readPath(object, 'spec.tokenRequests')).map((request) => String(fieldsOf(request).audience));
  return audiences.length === 0 ? '<unset>' : audiences.join(',');
}

export const volumeKinds: KindDefinition[] = [claimKind, volumeKind, storageClassKind, csiDriverKind];
