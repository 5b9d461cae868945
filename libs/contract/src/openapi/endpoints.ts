/**
 * Every route of REST: what it is called, takes and gives. The OpenAPI document is made of this table, and a test
 * holds it against the routes that the server really has.
 */
import type { FaultCode } from '@compute/domain';
import type { z } from 'zod';
import {
  apiKeysQuerySchema,
  deleteQuerySchema,
  historyQuerySchema,
  listQuerySchema,
  manifestsQuerySchema,
  operationQuerySchema,
  operationsQuerySchema,
  pageQuerySchema,
  usageEventsQuerySchema,
  usageSummaryQuerySchema,
  watchQuerySchema,
  writeQuerySchema,
} from '../requests/query.ts';
import type { Scope } from '../views/access-view.ts';
import { DATA_DISK, MANIFESTS_YAML, PRODUCTION_VM } from './examples.ts';
import type { RequestName } from './request-schemas.ts';
import type { ViewName } from './view-schemas.ts';

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type ReplyShape =
  | ViewName
  | { readonly list: ViewName }
  | 'UsageFeed'
  | 'ManifestResults'
  | 'EventStream'
  | 'Text'
  | 'Html'
  | 'Json';

export interface EndpointBody {
  readonly schema: RequestName | 'MergePatch' | 'Manifests';
  readonly example: unknown;
}

export interface Endpoint {
  readonly method: HttpMethod;
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Absent: no key is needed. */
  readonly scope?: Scope;
  readonly query?: z.ZodObject;
  readonly headers?: readonly ('Idempotency-Key' | 'If-Match' | 'Last-Event-ID')[];
  readonly body?: EndpointBody;
  readonly success: { readonly status: number; readonly description: string; readonly shape: ReplyShape };
  /** Other successes, in the same shape. Of a change that can be tried, 200 is added without being named. */
  readonly also?: readonly (readonly [number, string])[];
  /** Beside those that every route can give. */
  readonly faults?: readonly FaultCode[];
}

export const TAGS = [
  ['manifests', 'Apply the files that you have: many documents in one request, in any order.'],
  ['vm-instances', 'Virtual machines.'],
  ['vm-disks', 'Virtual disks and the import of their images.'],
  ['watch', 'Changes as they happen.'],
  ['history', 'What happened to resources, also to those that are gone.'],
  ['operations', 'Whether what was asked for is done.'],
  ['quota', 'Limits of a project and what is used of them.'],
  ['usage', 'What is to be billed.'],
  ['catalogue', 'What can be chosen.'],
  ['access', 'Projects and API keys.'],
  ['service', 'The service itself.'],
] as const;

const EDIT_FAULTS = ['ImmutableField', 'UnknownField', 'QuotaExceeded', 'DiskInUse', 'PreconditionFailed'] as const;

function resourceEndpoints(view: 'VMInstance' | 'VMDisk', plural: string, one: string, example: unknown): Endpoint[] {
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
      scope: 'read',
      query: listQuerySchema,
      success: { status: 200, description: 'One page, by name.', shape: { list: view } },
    },
    {
      method: 'get',
      path: `${base}/{name}`,
      operationId: id('get'),
      tag,
      summary: `Get a ${one}`,
      scope: 'read',
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

function action(
  view: 'VMInstance' | 'VMDisk',
  plural: string,
  verb: string,
  summary: string,
  description: string,
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
    faults: ['PreconditionFailed', 'QuotaExceeded'],
  };
}

const catalogueEndpoint = (plural: string, view: ViewName, summary: string): Endpoint => ({
  method: 'get',
  path: `/v1/${plural}`,
  operationId: `list${view}s`.replace('sss', 'sses'),
  tag: 'catalogue',
  summary,
  scope: 'read',
  success: { status: 200, description: 'All of them.', shape: { list: view } },
});

const open = (path: string, operationId: string, summary: string, shape: ReplyShape): Endpoint => ({
  method: 'get',
  path,
  operationId,
  tag: 'service',
  summary,
  success: { status: 200, description: summary, shape },
});

export const ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/projects/{project}/manifests',
    operationId: 'applyManifests',
    tag: 'manifests',
    summary: 'Apply manifests',
    description:
      'One or many JSON or YAML documents, in any order. Each becomes created, configured, unchanged, or its errors. All or nothing unless `partial=true`; then 207 when some could not be applied.',
    scope: 'write',
    query: manifestsQuerySchema,
    headers: ['Idempotency-Key'],
    body: { schema: 'Manifests', example: MANIFESTS_YAML },
    success: { status: 200, description: 'What became of each document, in order.', shape: 'ManifestResults' },
    also: [[207, 'Some documents could not be applied (`partial=true`).']],
    faults: ['UnknownField', 'QuotaExceeded', 'DiskInUse', 'ImmutableField'],
  },
  ...resourceEndpoints('VMInstance', 'vm-instances', 'virtual machine', PRODUCTION_VM),
  action(
    'VMInstance',
    'vm-instances',
    'start',
    'Start a virtual machine',
    'Writes the power field of the spec: running, or runStrategy where that is used.',
  ),
  action(
    'VMInstance',
    'vm-instances',
    'stop',
    'Stop a virtual machine',
    'Writes the power field of the spec: running, or runStrategy where that is used.',
  ),
  ...resourceEndpoints('VMDisk', 'vm-disks', 'virtual disk', DATA_DISK),
  action('VMDisk', 'vm-disks', 'retry', 'Try a failed import again', 'A new attempt of the same spec.'),
  {
    method: 'get',
    path: '/v1/projects/{project}/watch',
    operationId: 'watch',
    tag: 'watch',
    summary: 'Watch resources',
    description:
      'Server-Sent Events ADDED, MODIFIED, DELETED with `{ type, object }`, first for what there is, then for each change. BOOKMARK moves the position on. `Last-Event-ID` goes on exactly after that event. TOO_OLD ends a stream that cannot be served without a gap: start again without a position. CLOSE says that the server stops.',
    scope: 'read',
    query: watchQuerySchema,
    headers: ['Last-Event-ID'],
    success: { status: 200, description: 'A stream that does not end by itself.', shape: 'EventStream' },
    faults: ['CursorTooOld'],
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/history',
    operationId: 'listTransitions',
    tag: 'history',
    summary: 'List what happened',
    description: 'Changes of phases and conditions, newest first.',
    scope: 'read',
    query: historyQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'Transition' } },
  },
  {
    method: 'get',
    path: '/v1/operations',
    operationId: 'listOperations',
    tag: 'operations',
    summary: 'List operations',
    scope: 'read',
    query: operationsQuerySchema,
    success: { status: 200, description: 'One page, newest first.', shape: { list: 'Operation' } },
  },
  {
    method: 'get',
    path: '/v1/operations/{id}',
    operationId: 'getOperation',
    tag: 'operations',
    summary: 'Get an operation, or wait for it',
    description:
      '`?wait=30s` answers when it is done, at the latest after that time (at most 120 s) with `done: false`.',
    scope: 'read',
    query: operationQuerySchema,
    success: { status: 200, description: 'The operation.', shape: 'Operation' },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/quota',
    operationId: 'getQuota',
    tag: 'quota',
    summary: 'Get limits and use',
    scope: 'read',
    success: { status: 200, description: 'The quota document.', shape: 'Quota' },
  },
  {
    method: 'put',
    path: '/v1/projects/{project}/quota',
    operationId: 'setQuota',
    tag: 'quota',
    summary: 'Set limits',
    description: 'For administrators of the platform. What the document leaves out returns to the default.',
    scope: 'admin',
    body: {
      schema: 'QuotaDocument',
      example: {
        series: { U: { instances: 20, vcpus: 80, memoryGib: 320 } },
        storage: { replicated: { storageGib: 'unlimited' } },
        externalIps: 5,
      },
    },
    success: { status: 200, description: 'The quota document as it is now.', shape: 'Quota' },
  },
  {
    method: 'get',
    path: '/v1/usage/events',
    operationId: 'listUsageEvents',
    tag: 'usage',
    summary: 'Read the usage feed',
    description:
      'Closed intervals of use as CloudEvents 1.0, in one order without gaps, each exactly once. Store `nextCursor` and go on with `after`. With `Accept: application/cloudevents-batch+json` a CloudEvents batch.',
    scope: 'read',
    query: usageEventsQuerySchema,
    success: { status: 200, description: 'Events after the cursor.', shape: 'UsageFeed' },
  },
  {
    method: 'get',
    path: '/v1/usage/events/stream',
    operationId: 'streamUsageEvents',
    tag: 'usage',
    summary: 'Follow the usage feed',
    description: 'Server-Sent Events; the id of each is the cursor after it.',
    scope: 'read',
    query: usageEventsQuerySchema,
    headers: ['Last-Event-ID'],
    success: { status: 200, description: 'A stream that does not end by itself.', shape: 'EventStream' },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/usage',
    operationId: 'getUsageSummary',
    tag: 'usage',
    summary: 'Sum up the use of a project',
    description: 'Open intervals count up to now. The last 30 days when no span is given.',
    scope: 'read',
    query: usageSummaryQuerySchema,
    success: { status: 200, description: 'Sums by meter and dimensions.', shape: 'UsageSummary' },
  },
  catalogueEndpoint('instance-types', 'InstanceType', 'List instance types'),
  catalogueEndpoint('instance-profiles', 'InstanceProfile', 'List operating system profiles'),
  catalogueEndpoint('storage-classes', 'StorageClass', 'List storage classes'),
  catalogueEndpoint('images', 'Image', 'List images'),
  {
    method: 'post',
    path: '/v1/projects',
    operationId: 'createProject',
    tag: 'access',
    summary: 'Create a project',
    description: 'For administrators of the platform.',
    scope: 'admin',
    body: { schema: 'CreateProject', example: { name: 'team-blue' } },
    success: { status: 201, description: 'The project.', shape: 'Project' },
    faults: ['AlreadyExists'],
  },
  {
    method: 'get',
    path: '/v1/projects',
    operationId: 'listProjects',
    tag: 'access',
    summary: 'List the projects that you see',
    scope: 'read',
    query: pageQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'Project' } },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}',
    operationId: 'getProject',
    tag: 'access',
    summary: 'Get a project',
    scope: 'read',
    success: { status: 200, description: 'The project.', shape: 'Project' },
  },
  {
    method: 'post',
    path: '/v1/api-keys',
    operationId: 'createApiKey',
    tag: 'access',
    summary: 'Create an API key',
    scope: 'admin',
    body: { schema: 'CreateApiKey', example: { project: 'team-blue', name: 'deployment', scopes: ['read', 'write'] } },
    success: { status: 201, description: 'The key with its secret, which is shown this once.', shape: 'NewApiKey' },
  },
  {
    method: 'get',
    path: '/v1/api-keys',
    operationId: 'listApiKeys',
    tag: 'access',
    summary: 'List API keys',
    scope: 'admin',
    query: apiKeysQuerySchema,
    success: { status: 200, description: 'The keys, without secrets.', shape: { list: 'ApiKey' } },
  },
  {
    method: 'delete',
    path: '/v1/api-keys/{id}',
    operationId: 'revokeApiKey',
    tag: 'access',
    summary: 'Revoke an API key',
    scope: 'admin',
    success: { status: 200, description: 'The key, revoked.', shape: 'ApiKey' },
  },
  open('/healthz', 'getHealth', 'Whether the process lives', 'Json'),
  open('/readyz', 'getReadiness', 'Whether it may get requests (503 when not)', 'Json'),
  open('/metrics', 'getMetrics', 'Measurements for Prometheus', 'Text'),
  open('/openapi.json', 'getOpenApi', 'This description', 'Json'),
  open('/docs', 'getDocs', 'This description as a page', 'Html'),
  open('/errors', 'listErrors', 'Every error code', 'Json'),
  open('/errors/{code}', 'getError', 'Cause and remedy of an error code', 'Html'),
];
