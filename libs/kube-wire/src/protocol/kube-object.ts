/**
 * The shape every Kubernetes object shares and the few structural operations the rest of the package builds on.
 * Objects are treated as immutable once they are stored or sent: change a copy, never the original, because
 * watchers, pages of lists and the event history all share the same instance.
 */

/** A JSON object whose fields are not known to this package. */
export type Fields = { [field: string]: unknown };

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: Fields;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any Kubernetes object; everything besides the type and the metadata is opaque here. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** True for plain JSON objects (not arrays, not null). */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a JSON object, or an empty one when it is anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The value as a list, or an empty one when it is anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a string, or undefined when it is anything else. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Reads a dotted path (`spec.nodeName`); undefined when any step is absent. Keys holding dots cannot be reached. */
export function readPath(value: unknown, path: string): unknown {
  let at: unknown = value;
  for (const step of path.split('.')) {
    if (!isFields(at)) return undefined;
    at = at[step];
  }
  return at;
}

/** A deep copy of a JSON value; cheaper than structuredClone because only JSON can occur. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  if (!isFields(value)) return value;
  const copy: Fields = {};
  for (const key of Object.keys(value)) if (value[key] !== undefined) copy[key] = cloneJson(value[key]);
  return copy as T;
}

/** Deep equality of JSON values; a field that is undefined equals an absent field. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  }
  if (!isFields(a) || !isFields(b)) return false;
  for (const key of Object.keys(a)) if (!equalJson(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

/** Now as Kubernetes writes times: RFC 3339 in UTC with whole seconds. */
export function timestamp(atMs: number = Date.now()): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

/**
 * One immutable version of an object. Its JSON text is made at most once, however many watchers and lists send it.
 */
export class ObjectVersion {
  readonly object: KubeObject;
  readonly #editableSince: string | undefined;
  #json: string | undefined;

  /**
   * `editableSince` is for storage whose objects have parts that no client writes: the resourceVersion since which
   * everything that clients do write is as it is.
   */
  constructor(object: KubeObject, json?: string, editableSince?: string) {
    this.object = object;
    this.#json = json;
    this.#editableSince = editableSince;
  }

  /** Whether an edit that was made on the given resourceVersion may be applied to this version. */
  isEditableFrom(resourceVersion: string): boolean {
    if (resourceVersion === this.resourceVersion) return true;
    if (this.#editableSince === undefined || !/^\d{1,19}$/.test(resourceVersion)) return false;
    const made = BigInt(resourceVersion);
    return made >= BigInt(this.#editableSince) && made < BigInt(this.resourceVersion);
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }

  get resourceVersion(): string {
    return this.object.metadata.resourceVersion ?? '';
  }
}
