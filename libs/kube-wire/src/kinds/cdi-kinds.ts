/** CDI's kinds. A DataVolume's spec cannot change once it is created; CDIConfig has no status subresource. */

import type { AdmissionRequest } from '../protocol/admission.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import { equalJson, fieldsOf, readPath } from '../protocol/kube-object.ts';
import { parseQuantity } from '../protocol/quantity.ts';
import { StatusError } from '../protocol/status-error.ts';
import { cdiSchema } from './catalogue/type-notation.ts';
import { createdColumn, pathColumn } from './cells.ts';

const cdi = { group: 'cdi.kubevirt.io', version: 'v1beta1', namespaced: true } as const;

const sourceNames = ['http', 's3', 'gcs', 'registry', 'pvc', 'upload', 'blank', 'imageio', 'vddk', 'snapshot'];
const minimumBytes = 1024 * 1024;

/** Refusals come from CDI's admission webhook, hence their form. */
function refuse(message: string): never {
  const text = `admission webhook "datavolume-validate.cdi.kubevirt.io" denied the request: ${message}`;
  throw new StatusError(400, 'BadRequest', text);
}

function checkDataVolume({ operation, object, previous }: AdmissionRequest): [] {
  if (operation === 'delete') return [];
  if (operation === 'update') {
    if (previous !== undefined && !equalJson(previous.spec, object.spec)) refuse('Cannot update DataVolume Spec');
    return [];
  }
  const spec = fieldsOf(object.spec);
  checkSource(spec);
  checkSize(spec);
  return [];
}

function checkSource(spec: Fields): void {
  const sources = sourceNames.filter((name) => fieldsOf(spec.source)[name] !== undefined);
  if (spec.source !== undefined && spec.sourceRef !== undefined) {
    refuse('Either Data volume Source or SourceRef should be set, but not both');
  }
  if (spec.source === undefined && spec.sourceRef === undefined)
    refuse('Data volume should have either Source or SourceRef');
  if (spec.source !== undefined && sources.length === 0) refuse('Missing dataVolume valid source');
  if (sources.length > 1) refuse('Multiple dataVolume sources');
}

function checkSize(spec: Fields): void {
  if (spec.pvc !== undefined && spec.storage !== undefined)
    refuse('Duplicate storage definition, both target storage and target pvc defined');
  const target = spec.pvc ?? spec.storage;
  if (target === undefined) refuse('Missing Data volume PVC');
  const request = readPath(target, 'resources.requests.storage');
  const isClone =
    readPath(spec, 'source.pvc') !== undefined ||
    readPath(spec, 'source.snapshot') !== undefined ||
    spec.sourceRef !== undefined;
  if (request === undefined) {
    if (!isClone) refuse('PVC size is missing');
    return;
  }
  const bytes = parseQuantity(request) ?? 0;
  if (bytes <= 0) refuse("PVC size can't be equal or less than zero");
  if (bytes < minimumBytes) refuse('PVC size is less than the minimum of 1Mi');
}

function defaults({ operation, object }: AdmissionRequest): void {
  if (operation !== 'create') return;
  const spec = fieldsOf(object.spec);
  object.spec = { contentType: 'kubevirt', ...spec };
}

const dataVolumeKind: KindDefinition = {
  ...cdi,
  kind: 'DataVolume',
  plural: 'datavolumes',
  schema: cdiSchema('DataVolume'),
  shortNames: ['dv', 'dvs'],
  categories: ['all'],
  statusSubresource: true,
  columns: [
    pathColumn('Phase', '.status.phase', 'The phase the data volume is in'),
    pathColumn('Progress', '.status.progress', 'Transfer progress in percentage if known, N/A otherwise'),
    pathColumn('Restarts', '.status.restartCount', 'The number of times the transfer has been restarted.', 'integer'),
    createdColumn,
  ],
  admission: { prepare: defaults, validate: checkDataVolume },
};

export const cdiKinds: KindDefinition[] = [
  dataVolumeKind,
  {
    ...cdi,
    kind: 'DataSource',
    plural: 'datasources',
    schema: cdiSchema('DataSource'),
    shortNames: ['das'],
    categories: ['all'],
    statusSubresource: true,
  },
  { ...cdi, kind: 'StorageProfile', plural: 'storageprofiles', namespaced: false, statusSubresource: true },
  { ...cdi, kind: 'CDIConfig', plural: 'cdiconfigs', namespaced: false, statusSubresource: false },
  { ...cdi, kind: 'VolumeImportSource', plural: 'volumeimportsources', statusSubresource: true },
  { ...cdi, kind: 'VolumeCloneSource', plural: 'volumeclonesources', statusSubresource: false },
  { ...cdi, kind: 'VolumeUploadSource', plural: 'volumeuploadsources', statusSubresource: true },
];
