/**
 * OpenAPI documents, as far as kubectl uses them: `explain` reads the schemas, `apply` and `create` look whether PATCH
 * takes fieldValidation and which lists have merge keys. One v3 document per group and version; v2 joins all of them.
 */
import { createHash } from 'node:crypto';
import type { KindDefinition, ListRule } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import type { Schema } from '../protocol/schema.ts';
import { metadataSchema } from './metadata-schema.ts';

const metadataName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function groupPath({ group, version }: Pick<KindDefinition, 'group' | 'version'>): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** The name of a kind's schema: the group's domain reversed, then version and kind. */
function schemaName({ group, version, kind }: KindDefinition): string {
  if (group === '') return `io.k8s.api.core.${version}.${kind}`;
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

function gvk({ group, version, kind }: KindDefinition): Fields {
  return { group, version, kind };
}

/** `/openapi/v3`: where the document of each group and version is. */
export function openApiIndex(kinds: readonly KindDefinition[]): Fields {
  const paths = [...new Set(kinds.map(groupPath))].map((path) => {
    const hash = createHash('sha256')
      .update(JSON.stringify(openApiV3(kinds, path)))
      .digest('hex')
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** `/openapi/v3/{path}`; undefined when nothing is served there. */
export function openApiV3(kinds: readonly KindDefinition[], path: string): Fields | undefined {
  const served = kinds.filter((kind) => groupPath(kind) === path);
  if (served.length === 0) return undefined;
  const reference = (name: string): string => `#/components/schemas/${name}`;
  const schemas = served.map((kind) => [schemaName(kind), kindSchema(kind, reference(metadataName))]);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.4' },
    paths: Object.fromEntries(served.flatMap((kind) => kindPaths(kind, v3Body))),
    components: { schemas: Object.fromEntries([...schemas, [metadataName, metadataSchema]]) },
  };
}

/** `/openapi/v2`: all kinds in one Swagger document. */
export function openApiV2(kinds: readonly KindDefinition[]): Fields {
  const reference = `#/definitions/${metadataName}`;
  const definitions = kinds.map((kind) => [schemaName(kind), kindSchema(kind, reference)]);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.35.4' },
    paths: Object.fromEntries(kinds.flatMap((kind) => kindPaths(kind, v2Body))),
    definitions: Object.fromEntries([...definitions, [metadataName, metadataSchema]]),
  };
}

function kindSchema(kind: KindDefinition, metadataReference: string): Fields {
  const schema = kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    ...decorate(schema, kind, ''),
    properties: {
      apiVersion: { type: 'string', description: 'The versioned schema of this representation of an object.' },
      kind: { type: 'string', description: 'The REST resource this object represents.' },
      metadata: { allOf: [{ $ref: metadataReference }], description: "Standard object's metadata.", default: {} },
      ...decorateAll(schema.properties ?? {}, kind, ''),
    },
    'x-kubernetes-group-version-kind': [gvk(kind)],
  };
}

function decorateAll(properties: Record<string, Schema>, kind: KindDefinition, path: string): Fields {
  const entries = Object.entries(properties).map(([name, child]) => [
    name,
    decorate(child, kind, path === '' ? name : `${path}.${name}`),
  ]);
  return Object.fromEntries(entries);
}

/** Adds the merge rules of the kind to the lists of its schema. */
function decorate(schema: Schema, kind: KindDefinition, path: string): Fields {
  const { properties, items, additionalProperties, ...rest } = schema;
  const rule = items === undefined ? undefined : kind.mergeKeys?.[path];
  return {
    ...rest,
    ...(rule && listExtensions(rule)),
    ...(properties && { properties: decorateAll(properties, kind, path) }),
    ...(items && { items: decorate(items, kind, path) }),
    ...(additionalProperties && { additionalProperties: decorate(additionalProperties, kind, path) }),
  };
}

function listExtensions(rule: ListRule): Fields {
  if (rule.type === 'atomic') return { 'x-kubernetes-list-type': 'atomic' };
  if (rule.type === 'set') {
    return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
  }
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': rule.keys,
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-patch-merge-key': rule.patchKey ?? rule.keys[0],
  };
}

function parameter(name: string, type: string): Fields {
  return { name, in: 'query', schema: { type }, type, description: '' };
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => parameter(name, 'string'));
const patchParameters = [...writeParameters, parameter('force', 'boolean')];

type BodyOf = (types: string[]) => Fields;
const v3Body: BodyOf = (types) => ({
  requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }])) },
});
const v2Body: BodyOf = (types) => ({ consumes: types });

function kindPaths(kind: KindDefinition, body: BodyOf): [string, Fields][] {
  const root = `/${groupPath(kind)}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const operation = (action: string, parameters: Fields[], extra: Fields = {}): Fields => ({
    operationId: `${action}${schemaName(kind)}`,
    parameters,
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(kind),
    ...extra,
  });
  const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  return [
    [root, { get: operation('list', []), post: operation('post', writeParameters, body(['application/json'])) }],
    [
      `${root}/{name}`,
      {
        get: operation('get', []),
        put: operation('put', writeParameters, body(['application/json'])),
        patch: operation('patch', patchParameters, body(patches)),
        delete: operation('delete', []),
      },
    ],
  ].map(([path, item]) => [path as string, item as Fields]);
}
