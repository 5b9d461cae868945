/** Edits: what of a stored resource its user may set, and how a patch changes it. */
import type { AnyResource, Kind } from '@compute/domain';
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
