/** The OpenAPI 3.1 document, made of the endpoint table and the schemas that validate. */
import type { FaultCode } from '@compute/domain';
import { z } from 'zod';
import { HTTP_STATUS } from '../errors/http-problem.ts';
import { deleteQuerySchema, writeQuerySchema } from '../requests/query.ts';
import type { Endpoint, EndpointBody, ReplyShape } from './endpoints/endpoint.ts';
import { ENDPOINTS } from './endpoints/index.ts';
import { TAGS } from './endpoints/tags.ts';
import { pathExample, queryExample } from './parameter-examples.ts';
import { REQUEST_SCHEMAS } from './request-schemas.ts';
import { VIEW_SCHEMAS } from './view-schemas.ts';

export type JsonSchema = Record<string, unknown>;

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface OpenApiContent {
  readonly [type: string]: { readonly schema: JsonSchema; readonly example?: unknown };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly object[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: OpenApiContent };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: OpenApiContent }>>;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly securitySchemes: object };
}

const DESCRIPTION =
  'Virtual machines and disks as manifests: say what you want, watch it come true. Send an API key as `Authorization: Bearer vmk_…`. Errors are problem documents (RFC 9457) with every fault at once.';

/** Made anew at each call; callers keep it. */
export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const endpoint of ENDPOINTS) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operationOf(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Compute API', version: '1.0.0', description: DESCRIPTION },
    servers: [{ url: '/', description: 'Where this document was read from.' }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, vmk_<id>_<secret>, or a JWT of the issuer that the operator trusts.',
        },
      },
    },
  };
}

function componentSchemas(): Record<string, JsonSchema> {
  const views = Object.entries(VIEW_SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema, 'output')]);
  const requests = Object.entries(REQUEST_SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema, 'input')]);
  const mergePatch = { type: 'object', description: 'A part of the manifest; null unsets.' };
  return { ...Object.fromEntries([...views, ...requests]), MergePatch: mergePatch };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
  return rest;
}

function operationOf(endpoint: Endpoint): OpenApiOperation {
  const { operationId, tag, summary, description, body } = endpoint;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: endpoint.scope === undefined ? [] : [{ apiKey: [endpoint.scope] }],
    parameters: [...pathParameters(endpoint), ...queryParameters(endpoint), ...headerParameters(endpoint)],
    ...(body ? { requestBody: { required: body.optional !== true, content: bodyContent(body) } } : {}),
    responses: responsesOf(endpoint),
  };
}

const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  project: 'Name of the project.',
  name: 'Name of the resource.',
  id: 'Id.',
  code: 'Error code.',
};

function pathParameters({ path, tag }: Endpoint): OpenApiParameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PATH_PARAMETERS[name] ?? '',
    schema: { type: 'string' },
    example: pathExample(name, tag),
  }));
}

const QUERY_PARAMETERS: Readonly<Record<string, string>> = {
  actor: 'Of this actor only, such as user:key:<id>.',
  asOf: 'The time to answer for. Empty: now.',
  after: 'Cursor of the last event that was taken. Empty: from the first.',
  dryRun: 'Checks everything, shows what would be, stores nothing.',
  fields: 'Paths of the reply, separated by commas, such as metadata.name,status.phase. Empty: everything.',
  filter: 'Conditions joined by AND, such as phase=Running AND createdAt>2026-11-01.',
  format: 'ndjson (CloudEvents, one a line) or csv.',
  from: 'Begin of the span.',
  groupBy: 'Any of resource, hour, day, separated by commas.',
  kind: 'Of this kind only.',
  kinds: 'Kinds, separated by commas. Empty: all.',
  labelSelector: 'Kubernetes label selector, such as app=web,tier!=test.',
  limit: 'Events at most; default 50, clamped to 1000.',
  meter: 'Of this meter only.',
  metric: 'Of this metric only, such as vcpus.',
  name: 'Of this name only.',
  orderBy:
    'name, createdAt or updatedAt, of history at; followed by desc for the last first. Empty: by name, history newest first.',
  pageSize: 'Entries at most; default 50, clamped to 1000.',
  pageToken: '`nextPageToken` of the page before, with the same query.',
  partial: 'Applies what is sound, whatever becomes of the others.',
  project: 'Of this project only.',
  step: 'Length of a point in whole minutes, such as 5m, 1h or 1d. Empty: one that fits the span.',
  resumeToken: 'As Last-Event-ID, for clients that cannot send headers.',
  scope: 'Of this scope only: series:<name>, class:<name> or external.',
  to: 'End of the span.',
  type: 'Of this type only. Of history: Phase, the type of a condition, Power or Charge; empty: everything but charges.',
  uid: 'Of this resource only.',
  verb: 'Of this verb only, such as create or delete.',
  wait: 'How long to wait for it to be done, such as 30s.',
  withDisks: 'Deletes the disks of the machine too.',
};

function queryParameters({ query, tag }: Endpoint): OpenApiParameter[] {
  if (!query) return [];
  const { properties = {}, required = [] } = jsonSchema(query, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    description: QUERY_PARAMETERS[name] ?? '',
    schema: name === 'pageSize' || name === 'limit' ? { type: 'integer', minimum: 0, default: 50 } : schema,
    ...exampleOf(queryExample(name, tag)),
  }));
}

const exampleOf = (example: unknown): { readonly example?: unknown } => (example === undefined ? {} : { example });

const HEADERS: Readonly<Record<string, string>> = {
  'Idempotency-Key':
    'The same key with the same request gives the same answer, without doing it twice. 1 to 255 printable ASCII characters; kept for at least 24 hours.',
  'If-Match': 'ETag of the version to change; 412 when it has been changed since.',
  'Last-Event-ID': 'Id of the last event that was received.',
};

function headerParameters({ headers = [] }: Endpoint): OpenApiParameter[] {
  return headers.map((name) => ({
    name,
    in: 'header',
    required: false,
    description: HEADERS[name] ?? '',
    schema: { type: 'string' },
  }));
}

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function bodyContent({ schema, example }: EndpointBody): OpenApiContent {
  if (schema === 'Manifests')
    return { 'application/yaml': { schema: { type: 'string' }, example }, 'application/json': { schema: {} } };
  if (schema === 'MergePatch') return { 'application/merge-patch+json': { schema: ref(schema), example } };
  return { 'application/json': { schema: ref(schema), example }, 'application/yaml': { schema: ref(schema) } };
}

function responsesOf(endpoint: Endpoint): OpenApiOperation['responses'] {
  const { status, description, shape } = endpoint.success;
  const content = contentOf(shape);
  const others =
    endpoint.also ?? (endpoint.query === writeQuerySchema || endpoint.query === deleteQuerySchema ? TRIED : []);
  const successes = [[status, description] as const, ...others].map(([code, text]) => [
    code,
    { description: text, content },
  ]);
  const problems = [...Map.groupBy(faultsOf(endpoint), ([code]) => code)].map(([code, faults]) => {
    const names = [...new Set(faults.map(([, name]) => name))];
    return [code, { description: names.join(', '), content: PROBLEM }];
  });
  return {
    ...Object.fromEntries([...successes, ...problems]),
    default: { description: 'Any other problem.', content: PROBLEM },
  };
}

const TRIED = [[200, 'Nothing changed, or it was a dry run.']] as const;

/** Status and code of every fault that an endpoint names or that its kind of request can always meet. */
function faultsOf({ scope, query, body, faults = [], path }: Endpoint): (readonly [number, FaultCode])[] {
  const codes: FaultCode[] = [
    ...(scope ? (['Unauthenticated', 'PermissionDenied', 'RateLimited'] as const) : []),
    ...(scope || path.includes('{') ? (['NotFound'] as const) : []),
    ...(query || body ? (['InvalidArgument'] as const) : []),
    ...(body ? (['PayloadTooLarge', 'UnsupportedMediaType', 'UnknownField'] as const) : []),
    ...faults,
  ];
  const judged = query || body ? [[422, 'InvalidArgument'] as const] : [];
  return [...codes.map((code) => [HTTP_STATUS[code], code] as const), ...judged];
}

const PROBLEM: OpenApiContent = { 'application/problem+json': { schema: ref('Problem') } };

function contentOf(shape: ReplyShape): OpenApiContent {
  if (typeof shape === 'object')
    return { 'application/json': { schema: listOf('items', shape.list, 'nextPageToken') } };
  switch (shape) {
    case 'UsageFeed':
      return {
        'application/json': { schema: listOf('events', 'UsageEvent', 'nextCursor') },
        'application/cloudevents-batch+json': { schema: { type: 'array', items: ref('UsageEvent') } },
      };
    case 'ManifestResults':
      return {
        'application/json': {
          schema: {
            type: 'object',
            required: ['items', 'dryRun'],
            properties: {
              items: { type: 'array', items: ref('ManifestResult') },
              dryRun: { type: 'boolean' },
              quota: {
                type: 'array',
                items: ref('QuotaEffect'),
                description: 'Of a dry run: counters that would change.',
              },
            },
          },
        },
      };
    case 'EventStream':
      return { 'text/event-stream': { schema: { type: 'string' } } };
    case 'Text':
      return { 'text/plain': { schema: { type: 'string' } } };
    case 'Lines':
      return { 'application/x-ndjson': { schema: { type: 'string' } }, 'text/csv': { schema: { type: 'string' } } };
    case 'Html':
      return { 'text/html': { schema: { type: 'string' } } };
    case 'Json':
      return { 'application/json': { schema: { type: 'object' } } };
    default:
      return { 'application/json': { schema: ref(shape) } };
  }
}

function listOf(key: string, view: string, next: string): JsonSchema {
  const properties = { [key]: { type: 'array', items: ref(view) }, [next]: { type: 'string' } };
  return { type: 'object', required: [key, next], properties };
}
