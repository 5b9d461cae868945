/** Edits: what of a stored resource its user may set, and how a patch changes it. */
import type { AnyResource, Kind } from '@compute/domain';
import { knownKeys } from './envelope.ts';
import { isPlainObject, mergePatch, type PlainObject } from './plain-object.ts';

/** The part of a stored resource that its user may set, as a manifest. */
export function settablePart(resource: AnyResource): PlainObject {
  return {
    metadata: { name: resource.name, labels: { ...resource.labels }, annotations: { ...resource.annotations } },
    spec: structuredClone(resource.spec),
  };
}

/**
 * The manifest that a merge patch makes of a stored resource. Of a pair of alternatives (`running` and
 * `runStrategy`), the one that is patched replaces the other one, since a default could not be told from a wish.
 */
export function patched(resource: AnyResource, patch: PlainObject): PlainObject {
  const base = settablePart(resource);
  const spec = isPlainObject(base.spec) ? base.spec : {};
  const edit = isPlainObject(patch.spec) ? patch.spec : {};
  return mergePatch({ ...base, spec: withoutReplaced(resource.kind, spec, edit) }, patch) as PlainObject;
}

const ALTERNATIVES: Readonly<Record<Kind, readonly (readonly [string, string])[]>> = {
  VMInstance: [
    ['running', 'runStrategy'],
    ['runStrategy', 'running'],
  ],
  VMDisk: [],
};

function withoutReplaced(kind: Kind, spec: PlainObject, edit: PlainObject): PlainObject {
  const given = (key: string) => edit[key] !== undefined && edit[key] !== null;
  const replaced = ALTERNATIVES[kind]
    .filter(([key, other]) => given(key) && !(other in edit))
    .map(([, other]) => other);
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !replaced.includes(key)));
}

/** A path below the resource, in the words of the manifest: `['spec', 'externalPorts']`. */
export type FieldPath = readonly string[];

/**
 * The manifest in which only the fields at some paths are taken from a new one; what the new one does not have there
 * is unset. Alternatives replace each other as in a patch.
 */
export function masked(resource: AnyResource, manifest: PlainObject, paths: readonly FieldPath[]): PlainObject {
  const wanted = paths.map((path) => ({ path, value: valueAt(manifest, path) }));
  const values = wanted.filter(({ value }) => value !== undefined).map(({ path, value }) => nested(path, value));
  const edit = values.reduce<unknown>(mergePatch, {}) as PlainObject;
  const removed = paths.reduce<unknown>((base, path) => mergePatch(base, nested(path, null)), patched(resource, edit));
  return mergePatch(removed, edit) as PlainObject;
}

function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((at, key) => (isPlainObject(at) ? at[key] : undefined), value);
}

function nested(path: FieldPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

/** Whether a path names something that a user may set. */
export function isSettable(kind: Kind, path: FieldPath): boolean {
  const [top, field] = path;
  if (top === 'metadata') return path.length === 2 && (field === 'labels' || field === 'annotations');
  if (top !== 'spec') return false;
  return field === undefined || knownKeys(kind, '/spec').includes(field);
}
