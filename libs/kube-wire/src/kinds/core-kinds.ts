/** Kinds of the core group besides pods, volumes, services, nodes and events. */

import type { AdmissionRequest } from '../protocol/admission.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, readPath } from '../protocol/kube-object.ts';
import type { RouteCall, RouteReply } from '../protocol/route.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { forbidden, forbiddenField, tooLongField } from '../protocol/status-error.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { ageColumn, column, count, nameColumn, textAt } from './cells.ts';

const builtIn = { group: '', version: 'v1', strategicMerge: true, unconditionalUpdate: true } as const;
const plain = { ...builtIn, namespaced: true, statusSubresource: false, generation: 'none' } as const;

const lastingNamespaces = ['default', 'kube-system', 'kube-public'];

function prepareNamespace({ operation, object }: AdmissionRequest): void {
  const { metadata } = object;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  if (operation === 'create') {
    object.spec = { finalizers: ['kubernetes'], ...fieldsOf(object.spec) };
    object.status = { phase: 'Active' };
  }
  if (operation === 'delete') {
    if (lastingNamespaces.includes(metadata.name)) {
      throw forbidden({ group: '', plural: 'namespaces' }, metadata.name, 'this namespace may not be deleted');
    }
    object.status = { ...fieldsOf(object.status), phase: 'Terminating' };
  }
}

/** PUT namespaces/{name}/finalize: replaces spec.finalizers. */
async function finalizeNamespace(call: RouteCall): Promise<RouteReply> {
  const finalizers = listOf(readPath(call.body, 'spec.finalizers'));
  const change = ({ object }: { object: KubeObject }): KubeObject => ({
    ...object,
    spec: { ...fieldsOf(object.spec), finalizers },
  });
  const { name, user, dryRun } = call;
  const key = { namespace: '', name };
  const version = await call.backendOf('namespaces').update(key, change, { user, dryRun, subresource: 'finalize' });
  return { status: 200, body: version.object };
}

const namespaceKind: KindDefinition = {
  ...builtIn,
  kind: 'Namespace',
  plural: 'namespaces',
  schema: kubernetesSchema('Namespace'),
  shortNames: ['ns'],
  namespaced: false,
  statusSubresource: true,
  generation: 'none',
  nameFormat: 'label',
  columns: [nameColumn, column('Status', (object) => textAt(object, 'status.phase')), ageColumn],
  selectableFields: ['status.phase'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  admission: { prepare: prepareNamespace },
  deleteReturnsObject: true,
  holdsDeletion: (object) => listOf(readPath(object, 'spec.finalizers')).length > 0,
  subresources: { finalize: { verbs: ['update'], handle: finalizeNamespace } },
};

/** stringData is write-only: its values move to data as base64. */
function prepareSecret({ object }: AdmissionRequest): void {
  const { stringData, ...rest } = object;
  if (stringData !== undefined) {
    const encoded = Object.entries(fieldsOf(stringData)).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString('base64'),
    ]);
    object.data = { ...fieldsOf(rest.data), ...Object.fromEntries(encoded) };
    delete object.stringData;
  }
  object.type ??= 'Opaque';
}

/** What secrets and config maps may hold at most, all values together. */
const maxDataBytes = 1024 * 1024;

function dataProblems(request: AdmissionRequest): FieldProblem[] {
  const { data, binaryData } = request.object;
  const encoded = request.object.kind === 'Secret';
  const sizes = Object.values({ ...fieldsOf(data), ...fieldsOf(binaryData) }).map((value) => {
    return Buffer.byteLength(String(value), encoded ? 'base64' : 'utf8');
  });
  const tooLong = sizes.reduce((sum, size) => sum + size, 0) > maxDataBytes;
  const problem = tooLongField(encoded ? 'data' : '', maxDataBytes);
  return [...(tooLong ? [problem] : []), ...immutableData(request)];
}

/** Objects marked `immutable: true` keep their data. */
function immutableData({ operation, object, previous }: AdmissionRequest): FieldProblem[] {
  if (operation !== 'update' || previous?.immutable !== true) return [];
  const changed = ['data', 'binaryData'].filter(
    (name) => JSON.stringify(previous[name]) !== JSON.stringify(object[name]),
  );
  const fields = object.immutable === true ? changed : ['immutable', ...changed];
  return fields.map((name) => forbiddenField(name, 'field is immutable when `immutable` is set'));
}

const secretKind: KindDefinition = {
  ...plain,
  kind: 'Secret',
  plural: 'secrets',
  schema: kubernetesSchema('Secret'),
  columns: [
    nameColumn,
    column('Type', (object) => textAt(object, 'type', '')),
    column('Data', (object) => count(object.data)),
    ageColumn,
  ],
  selectableFields: ['type'],
  immutableFields: [{ path: 'type', message: 'field is immutable' }],
  admission: { prepare: prepareSecret, validate: dataProblems },
};

const configMapKind: KindDefinition = {
  ...plain,
  kind: 'ConfigMap',
  plural: 'configmaps',
  schema: kubernetesSchema('ConfigMap'),
  shortNames: ['cm'],
  columns: [nameColumn, column('Data', (object) => count(object.data) + count(object.binaryData)), ageColumn],
  admission: { validate: dataProblems },
};

const serviceAccountKind: KindDefinition = {
  ...plain,
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  schema: kubernetesSchema('ServiceAccount'),
  shortNames: ['sa'],
  columns: [nameColumn, column('Secrets', (object) => count(object.secrets)), ageColumn],
  mergeKeys: { secrets: { type: 'map', keys: ['name'] } },
  deleteReturnsObject: true,
};

/** `requests.storage: 1Gi/10Gi, ...` for the requests or the limits of a quota. */
function quotaCell(object: KubeObject, limits: boolean): string {
  const hard = fieldsOf(readPath(object, 'status.hard') ?? readPath(object, 'spec.hard'));
  const used: Fields = fieldsOf(readPath(object, 'status.used'));
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === limits)
    .sort()
    .map((name) => `${name}: ${String(used[name] ?? '0')}/${String(hard[name])}`)
    .join(', ');
}

const resourceQuotaKind: KindDefinition = {
  ...builtIn,
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  schema: kubernetesSchema('ResourceQuota'),
  shortNames: ['quota'],
  namespaced: true,
  statusSubresource: true,
  generation: 'none',
  columns: [
    nameColumn,
    column('Request', (object) => quotaCell(object, false)),
    column('Limit', (object) => quotaCell(object, true)),
    ageColumn,
  ],
  deleteReturnsObject: true,
};

export const coreKinds: KindDefinition[] = [
  namespaceKind,
  secretKind,
  configMapKind,
  serviceAccountKind,
  resourceQuotaKind,
];
