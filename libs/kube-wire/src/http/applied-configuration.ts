/**
 * Reading an applied configuration. Unlike other writes it is not pruned: a field the schema does not know, a value of
 * the wrong type or an item given twice fails the request, with the text (and the 500) of kube-apiserver.
 */

import { duplicateItems } from '../apply/duplicate-items.ts';
import { mergeRulesOf } from '../apply/merge-rules.ts';
import { apiVersionOf } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { isFields } from '../protocol/kube-object.ts';
import { partialSchema } from '../protocol/partial-schema.ts';
import { pruneUnknown, validateValue } from '../protocol/schema-check.ts';
import { badRequest, StatusError } from '../protocol/status-error.ts';
import { placeObject, reportDoubledKeys } from './incoming-object.ts';
import { parseYaml } from './request-body.ts';
import type { ResourceRequest } from './resource-request.ts';

/** The configuration in the body, as far as the endpoint takes it. Throws 400 or 500. */
export function readApplied(request: ResourceRequest): KubeObject {
  const parsed = parseYaml(request.body.toString('utf8'));
  if (!isFields(parsed)) throw badRequest('the applied configuration must be an object');
  reportDoubledKeys(request);
  const applied = placeObject(parsed, request);
  if ((applied.metadata.managedFields ?? []).length > 0) throw badRequest('metadata.managedFields must be nil');
  const problems = typeProblems(applied, request);
  if (problems.length > 0) throw untyped(applied, request, problems);
  return scopeOfEndpoint(request, applied);
}

function typeProblems(applied: KubeObject, { kind }: ResourceRequest): string[] {
  const doubled = duplicateItems(applied, mergeRulesOf(kind));
  // Whoever judges the values names fields and types together with everything else that is wrong.
  if (kind.schema === undefined || kind.judgedByBackend === true) return doubled;
  const schema = partialSchema(kind.schema);
  const unknown = pruneUnknown(applied, schema).unknown.map((path) => `.${path}: field not declared in schema`);
  const mistyped = validateValue(withoutNulls(applied) as KubeObject, schema)
    .filter(({ reason }) => reason === 'FieldValueTypeInvalid')
    .map(({ field, message }) => `.${field}: ${expectation(message)}`);
  return [...unknown, ...mistyped, ...doubled];
}

/** `... must be of type string: "integer"` becomes `expected string, got integer`. */
function expectation(message: string): string {
  const parsed = /must be of type ([\w,]+): "(\w+)"$/.exec(message);
  return parsed === null ? message : `expected ${parsed[1]}, got ${parsed[2]}`;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  const entries = Object.entries(value).filter(([, below]) => below !== null);
  return Object.fromEntries(entries.map(([name, below]) => [name, withoutNulls(below)]));
}

function untyped({ metadata }: KubeObject, { kind }: ResourceRequest, problems: string[]): StatusError {
  const gvk = `${kind.group === '' ? '/' : ''}${apiVersionOf(kind)}, Kind=${kind.kind}`;
  const text = problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  const object = `${metadata.namespace ?? ''}/${metadata.name}; ${gvk}`;
  return new StatusError(500, '', `failed to create typed patch object (${object}): ${text}`);
}

/** The main endpoint ignores an applied status, the status endpoint everything but it. */
function scopeOfEndpoint({ kind, path }: ResourceRequest, applied: KubeObject): KubeObject {
  if (path.subresource === 'status') {
    const { apiVersion, metadata, status } = applied;
    const { name, namespace, resourceVersion } = metadata;
    const identity = { name, ...(namespace && { namespace }), ...(resourceVersion && { resourceVersion }) };
    return { apiVersion, kind: applied.kind, metadata: identity, ...(status === undefined ? {} : { status }) };
  }
  if (!kind.statusSubresource) return applied;
  const { status: _, ...rest } = applied;
  return rest as KubeObject;
}
