/**
 * From a request body to an object that may be stored: type, name and namespace must fit the URL, unknown fields are
 * pruned (and reported as fieldValidation asks), defaults are filled and values are checked against the schema.
 */
import type { KindDefinition } from '../protocol/kind.ts';
import { apiVersionOf } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, isFields } from '../protocol/kube-object.ts';
import { fillDefaults, pruneUnknown, validateValue } from '../protocol/schema-check.ts';
import { badRequest, invalid, shownValue } from '../protocol/status-error.ts';
import { doubledKeysOf, parseObjectBody } from './request-body.ts';
import type { ResourceRequest } from './resource-request.ts';
import { fieldValidationOf } from './resource-request.ts';

/** Decodes the body of a create or update. */
export function decodeObject(request: ResourceRequest): KubeObject {
  const parsed = parseObjectBody(request.body, request.contentType);
  if (!isFields(parsed)) throw badRequest('the request body must be an object');
  reportDoubledKeys(request);
  return placeObject(parsed, request);
}

/** A key twice in the body is reported as fieldValidation asks: refused, warned of, or the last one taken in silence. */
export function reportDoubledKeys({ body, contentType, kind, query, warnings }: ResourceRequest): void {
  const validation = fieldValidationOf(query);
  const texts =
    validation === 'Ignore' ? [] : doubledKeysOf(body, contentType).map((path) => `duplicate field "${path}"`);
  if (validation === 'Strict' && texts.length > 0) throw strictlyRefused(kind, texts);
  warnings.push(...texts);
}

function strictlyRefused({ kind, version }: KindDefinition, texts: readonly string[]): Error {
  return badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(', ')}`,
  );
}

/** Checks that an object belongs where the URL says and fills in what the URL already states. */
export function placeObject(parsed: Fields, { kind, path }: ResourceRequest): KubeObject {
  checkType(withDefaultType(parsed, kind), kind);
  if (parsed.metadata != null && !isFields(parsed.metadata))
    throw badRequest('metadata of the object must be an object');
  const metadata = { ...fieldsOf(parsed.metadata) };
  for (const map of ['labels', 'annotations']) if (isEmptyMap(metadata[map])) delete metadata[map];
  const namespace = metadata.namespace ?? '';
  if (namespace !== '' && namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (kind.namespaced) metadata.namespace = path.namespace;
  else delete metadata.namespace;
  if (path.name !== '') {
    const name = metadata.name ?? '';
    if (name !== '' && name !== path.name) {
      throw badRequest(
        `the name of the object (${shownValue(name)}) does not match the name on the URL (${path.name})`,
      );
    }
    metadata.name = path.name;
  }
  return { ...parsed, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } as unknown as KubeObject;
}

/** An empty map of metadata is no map: it has no place in a stored object, and nobody owns it. */
function isEmptyMap(value: unknown): boolean {
  return isFields(value) && Object.keys(value).length === 0;
}

/** Built-in kinds take a body without a type for the one of the URL; custom resources must state theirs. */
function withDefaultType(parsed: Fields, kind: KindDefinition): Fields {
  if (kind.strategicMerge !== true) return parsed;
  return { ...parsed, apiVersion: parsed.apiVersion || apiVersionOf(kind), kind: parsed.kind || kind.kind };
}

function checkType(parsed: Fields, kind: KindDefinition): void {
  if (typeof parsed.kind !== 'string' || parsed.kind === '') {
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(parsed).slice(0, 200)}'`);
  }
  const expected = apiVersionOf(kind);
  if (parsed.apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${shownValue(parsed.apiVersion ?? '')}) does not match the expected API version (${expected})`,
    );
  }
  if (parsed.kind !== kind.kind) {
    const got = `${parsed.apiVersion}, Kind=${parsed.kind}`;
    throw badRequest(`the kind in the data (${got}) does not match the expected kind (${expected}, Kind=${kind.kind})`);
  }
}

/** Applies the schema of the kind: returns the pruned and defaulted object, throws 400 or 422. */
export function checkAgainstSchema(object: KubeObject, request: ResourceRequest): KubeObject {
  const { kind, query, warnings } = request;
  if (kind.schema === undefined) return object;
  const validation = fieldValidationOf(query);
  // Whoever judges the values names unknown fields together with everything else that is wrong.
  if (kind.judgedByBackend === true && validation === 'Strict') return object;
  const { value, unknown } = pruneUnknown(object, kind.schema);
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && texts.length > 0) throw strictlyRefused(kind, texts);
  if (validation === 'Warn') warnings.push(...texts);
  if (kind.judgedByBackend === true) return value as unknown as KubeObject;
  const filled = fillDefaults(value, kind.schema) as KubeObject;
  const problems = validateValue(filled, kind.schema);
  if (problems.length > 0) throw invalid(kind.group, kind.kind, object.metadata.name ?? '', problems);
  return filled;
}
