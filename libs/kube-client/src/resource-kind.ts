// What must be known about a kind to speak about it over HTTP, and the one place where API paths are built.
import type { KubeObject, ObjectRef } from './kube-object.ts';

declare const shape: unique symbol;

/** One kind of the API. The type parameter is the shape of its objects and exists only for the compiler. */
export interface ResourceKind<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly [shape]?: T;
}

/** Makes a typed kind constant: `const pods = resourceKind<Pod>({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true })`. */
export function resourceKind<T extends KubeObject = KubeObject>(kind: {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
}): ResourceKind<T> {
  return Object.freeze({ ...kind });
}

/** `v1` or `group/version`, as it stands in `apiVersion`. */
export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** Path of a collection: of one namespace, or of all when `namespace` is absent. */
export function collectionPath(kind: ResourceKind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

/** Path of one object or of one of its subresources. Throws TypeError when a namespaced kind is named without a namespace. */
export function objectPath(kind: ResourceKind, ref: ObjectRef, subresource?: string): string {
  if (kind.namespaced && (ref.namespace === undefined || ref.namespace === '')) {
    throw new TypeError(`${kind.kind} ${ref.name}: a namespace is needed`);
  }
  if (ref.name === '') throw new TypeError(`${kind.kind}: a name is needed`);
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A query string with the leading `?`, or nothing; undefined values are left out. */
export function queryString(values: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
