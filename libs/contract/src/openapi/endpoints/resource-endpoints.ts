/** The routes that every kind of resource has: made once for each kind, so that none of them differs. */
import { deleteQuerySchema, listQuerySchema, readQuerySchema, writeQuerySchema } from '../../requests/query.ts';
import type { Endpoint, EndpointBody } from './endpoint.ts';

const EDIT_FAULTS = ['ImmutableField', 'UnknownField', 'QuotaExceeded', 'DiskInUse', 'PreconditionFailed'] as const;

export function resourceEndpoints(
  view: 'VMInstance' | 'VMDisk',
  plural: string,
  one: string,
  example: unknown,
): Endpoint[] {
  const base = `/v1/projects/{project}/${plural}`;
  const manifest: EndpointBody = { schema: `${view}Manifest`, example };
  const tag = plural;
  const id = (verb: string, suffix = '') => `${verb}${view}${suffix}`;
  const accepted = {
    status: 202,
    description: 'Accepted. `Link` with rel="operation" tells what to wait for. 200 when nothing changed.',
    shape: view,
  } as const;
  return [
    {
      method: 'post',
      path: base,
      operationId: id('create'),
      tag,
      summary: `Create a ${one}`,
      scope: 'write',
      query: writeQuerySchema,
      headers: ['Idempotency-Key'],
      body: manifest,
      success: {
        status: 201,
        description:
          'Accepted, in its first phase. `Location` is its address, `Link` with rel="operation" tells what to wait for.',
        shape: view,
      },
      faults: [
        'AlreadyExists',
        'UnknownField',
        'QuotaExceeded',
        'DiskInUse',
        'IdempotencyMismatch',
        'IdempotencyInProgress',
      ],
    },
    {
      method: 'get',
      path: base,
      operationId: id('list', 's'),
      tag,
      summary: `List ${one}s`,
      description: 'With `asOf` as it was at that time, with what has been deleted since.',
      scope: 'read',
      query: listQuerySchema,
      success: {
        status: 200,
        description: 'One page, by name unless `orderBy` says otherwise.',
        shape: { list: view },
      },
    },
    {
      method: 'get',
      path: `${base}/{name}`,
      operationId: id('get'),
      tag,
      summary: `Get a ${one}`,
      description: 'With `asOf` as it was at that time, also when it has been deleted since; then without `ETag`.',
      scope: 'read',
      query: readQuerySchema,
      success: { status: 200, description: 'The resource; `ETag` is the version of what you may set.', shape: view },
    },
    {
      method: 'patch',
      path: `${base}/{name}`,
      operationId: id('patch'),
      tag,
      summary: `Change a ${one}`,
      description: 'A merge patch (RFC 7396): what is named changes, null unsets.',
      scope: 'write',
      query: writeQuerySchema,
      headers: ['If-Match', 'Idempotency-Key'],
      body: {
        schema: 'MergePatch',
        example: view === 'VMInstance' ? { spec: { running: false } } : { spec: { storage: '800Gi' } },
      },
      success: accepted,
      faults: EDIT_FAULTS,
    },
    {
      method: 'put',
      path: `${base}/{name}`,
      operationId: id('replace'),
      tag,
      summary: `Replace a ${one}`,
      description: 'Makes spec, labels and annotations what the body says. What was read can be sent back.',
      scope: 'write',
      query: writeQuerySchema,
      headers: ['If-Match', 'Idempotency-Key'],
      body: manifest,
      success: accepted,
      faults: EDIT_FAULTS,
    },
    {
      method: 'delete',
      path: `${base}/{name}`,
      operationId: id('delete'),
      tag,
      summary: `Delete a ${one}`,
      description: 'Its quota is free when the resource is really gone. Asking again changes nothing.',
      scope: 'write',
      query: deleteQuerySchema,
      headers: ['If-Match', 'Idempotency-Key'],
      success: { ...accepted, description: 'Deletion has begun.' },
      faults: ['DiskInUse', 'PreconditionFailed'],
    },
  ];
}

export function action(
  view: 'VMInstance' | 'VMDisk',
  plural: string,
  verb: string,
  summary: string,
  description: string,
  faults: Endpoint['faults'] = [],
): Endpoint {
  const success = { status: 202, description: 'Accepted. 200 when nothing changed.', shape: view } as const;
  return {
    method: 'post',
    path: `/v1/projects/{project}/${plural}/{name}:${verb}`,
    operationId: `${verb}${view}`,
    tag: plural,
    summary,
    description,
    scope: 'write',
    query: writeQuerySchema,
    headers: ['If-Match', 'Idempotency-Key'],
    success,
    faults: ['PreconditionFailed', 'QuotaExceeded', ...faults],
  };
}
