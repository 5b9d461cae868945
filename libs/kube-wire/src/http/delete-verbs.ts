/** Delete and deletecollection: options from body or query, preconditions, and what is answered. */
import type { DeleteOptions } from '../protocol/backend.ts';
import type { Fields, ObjectVersion } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, stringOf } from '../protocol/kube-object.ts';
import { badRequest, invalid, invalidField, shownValue, unsupportedField } from '../protocol/status-error.ts';
import type { Rendered } from './read-verbs.ts';
import { renderList, renderObject } from './read-verbs.ts';
import { parseObjectBody } from './request-body.ts';
import type { ResourceRequest } from './resource-request.ts';
import { integerOf, isDryRun, keyOf, selectionOf, writeOptions } from './resource-request.ts';

type Propagation = NonNullable<DeleteOptions['propagation']>;
const propagations: readonly string[] = ['Background', 'Foreground', 'Orphan'];

export async function deleteObject(request: ResourceRequest): Promise<Rendered> {
  const { version, gone } = await request.backend.delete(keyOf(request), deleteOptions(request));
  if (!gone || request.kind.deleteReturnsObject === true) return renderObject(request, version);
  return { json: JSON.stringify(deletedStatus(request, version)), contentType: 'application/json' };
}

function deletedStatus({ kind }: ResourceRequest, { object }: ObjectVersion): Fields {
  const { name, uid } = object.metadata;
  const group = kind.group === '' ? {} : { group: kind.group };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: kind.plural, uid },
  };
}

/** Deletes everything the selectors match and answers with the list of it. */
export async function deleteCollection(request: ResourceRequest): Promise<Rendered> {
  const { backend, path } = request;
  const options = deleteOptions(request);
  const page = await backend.list({
    namespace: path.namespace,
    selection: selectionOf(request),
    limit: 0,
    continueToken: '',
    resourceVersion: '',
    resourceVersionMatch: '',
  });
  const items: ObjectVersion[] = [];
  for (const { object } of page.items) {
    const { name, namespace = '' } = object.metadata;
    items.push((await backend.delete({ namespace, name }, options)).version);
  }
  return renderList(request, { items, resourceVersion: page.resourceVersion });
}

function deleteOptions(request: ResourceRequest): DeleteOptions {
  const { query } = request;
  const body = fieldsOf(parseObjectBody(request.body, request.contentType));
  if (body.kind !== undefined && body.kind !== 'DeleteOptions') {
    throw badRequest(`expect DeleteOptions, got ${shownValue(body.kind)}`);
  }
  const preconditions = fieldsOf(body.preconditions);
  const uid = stringOf(preconditions.uid);
  const resourceVersion = stringOf(preconditions.resourceVersion);
  const propagation = propagationOf(body, query);
  const grace = graceOf(body, query);
  const bodyDryRun = isDryRun(query, listOf(body.dryRun).map(shownValue));
  const write = writeOptions(request);
  return {
    ...write,
    dryRun: write.dryRun || bodyDryRun,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(propagation === undefined ? {} : { propagation }),
  };
}

function graceOf(body: Fields, query: URLSearchParams): number | undefined {
  const value =
    body.gracePeriodSeconds ??
    (query.has('gracePeriodSeconds') ? integerOf(query, 'gracePeriodSeconds', 0) : undefined);
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && Number(value) >= 0) return Number(value);
  const problem = invalidField('gracePeriodSeconds', value, 'must be greater than or equal to 0');
  throw invalid('meta.k8s.io', 'DeleteOptions', '', [problem]);
}

function propagationOf(body: Fields, query: URLSearchParams): Propagation | undefined {
  const value = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  const orphan = body.orphanDependents;
  if (value === undefined) return typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined;
  if (typeof value === 'string' && propagations.includes(value)) return value as Propagation;
  const problem = unsupportedField('propagationPolicy', value, [...propagations]);
  throw invalid('meta.k8s.io', 'DeleteOptions', '', [problem]);
}
