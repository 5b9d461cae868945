/**
 * Kinds as data: everything the server needs to know about a resource. The HTTP layer, discovery, tables, patches and
 * the memory store read nothing but this, so a new resource is one more definition and no new code path.
 */
import type { Admission } from './admission.ts';
import type { KubeObject } from './kube-object.ts';
import type { RouteCall, RouteReply, UpgradeCall } from './route.ts';
import type { Schema } from './schema.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export type Cell = string | number | boolean | null;

/** One printed column: the cell comes from a JSONPath, or from a function where a path cannot say it. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  /** 0 is always shown, higher numbers only with `-o wide`. */
  priority?: number;
  jsonPath?: string;
  value?: (object: KubeObject, nowMs: number) => Cell;
}

/**
 * How a list is merged by server-side apply and by strategic merge patches: `map` lists have items with identity
 * (`keys`), `set` lists hold scalars, lists without a rule are atomic. `defaults` fills keys an item leaves out.
 * `patchKey` is the single key strategic merge patches use when it is not the first of `keys`.
 */
export type ListRule =
  | { type: 'map'; keys: string[]; patchKey?: string; defaults?: Record<string, unknown> }
  | { type: 'set' }
  | { type: 'atomic' };

/** Rules by dotted path from the object's root; items of a list add no step (`spec.containers.ports`). */
export type MergeKeys = Record<string, ListRule>;

/** A subresource with a handler of its own (not `status`, which is built in). */
export interface SubresourceDefinition {
  verbs: Verb[];
  /** Group, version and kind of the bodies it speaks; absent means those of the parent. */
  group?: string;
  version?: string;
  kind?: string;
  handle: (call: RouteCall) => Promise<RouteReply>;
  upgrade?: (call: UpgradeCall) => void;
}

/** How a kind that is a second face of another one (events.k8s.io) is stored. */
export interface StoredAs {
  group: string;
  plural: string;
  toStored: (object: KubeObject) => KubeObject;
  fromStored: (object: KubeObject) => KubeObject;
}

export interface KindDefinition {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular?: string;
  shortNames?: string[];
  categories?: string[];
  namespaced: boolean;
  /** With a status subresource the main endpoint ignores status and the status endpoint ignores everything else. */
  statusSubresource: boolean;
  subresources?: Record<string, SubresourceDefinition>;
  columns?: readonly PrinterColumn[];
  schema?: Schema;
  /**
   * The backend judges values and fills defaults; the schema then describes, prunes and types, and refuses no value.
   * With strict validation it prunes nothing either: unknown fields are the backend's to refuse, together with all else.
   */
  judgedByBackend?: boolean;
  /** Paths besides metadata.name and metadata.namespace that field selectors may name. */
  selectableFields?: string[];
  mergeKeys?: MergeKeys;
  admission?: Admission;
  verbs?: readonly Verb[];
  /** What raises metadata.generation. Default: changes of spec with a status subresource, any change without one. */
  generation?: 'spec' | 'any' | 'none';
  /** Whether a PUT may leave out metadata.resourceVersion (true for most built-in kinds, false for custom ones). */
  unconditionalUpdate?: boolean;
  /** Whether strategic merge patches are accepted (built-in kinds only; 415 for custom ones). */
  strategicMerge?: boolean;
  /** Seconds a deletion waits for a second, grace-0 delete; absent means the object goes at once. */
  deletionGraceSeconds?: (object: KubeObject) => number;
  /** Something besides metadata.finalizers that keeps a deleted object (a namespace's spec.finalizers). */
  holdsDeletion?: (object: KubeObject) => boolean;
  /** Objects older than this are removed by the store (events). */
  timeToLiveSeconds?: number;
  /** Whether DELETE answers with the object rather than with a Status. */
  deleteReturnsObject?: boolean;
  nameFormat?: 'subdomain' | 'label' | 'label1035' | 'segment';
  /** Paths that may not change after create; each becomes a cause of a 422. */
  immutableFields?: { path: string; message: string }[];
  storedAs?: StoredAs;
}

/** `plural.group` (or the plural for the core group): the key kinds, rules of faults and backends are named by. */
export function resourceKey(kind: { group: string; plural: string }): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** The `apiVersion` of a kind: `v1`, `kubevirt.io/v1`. */
export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

export function verbsOf(kind: KindDefinition): readonly Verb[] {
  return kind.verbs ?? allVerbs;
}

export function singularOf(kind: KindDefinition): string {
  return kind.singular ?? kind.kind.toLowerCase();
}

/** The rule when metadata.generation goes up. */
export function generationRule(kind: KindDefinition): 'spec' | 'any' | 'none' {
  return kind.generation ?? (kind.statusSubresource ? 'spec' : 'any');
}

/** The kinds one server serves; kinds may be added while it runs. */
export class KindRegistry {
  readonly #kinds = new Map<string, KindDefinition>();
  readonly #listeners: (() => void)[] = [];

  constructor(kinds: readonly KindDefinition[]) {
    for (const kind of kinds) this.register(kind);
  }

  register(kind: KindDefinition): void {
    this.#kinds.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each registration, so that discovery can drop what it has rendered. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  all(): KindDefinition[] {
    return [...this.#kinds.values()];
  }

  byResource(group: string, version: string, plural: string): KindDefinition | undefined {
    return this.#kinds.get(`${group}/${version}/${plural}`);
  }

  byKind(apiVersion: string, kind: string): KindDefinition | undefined {
    return this.all().find((known) => known.kind === kind && apiVersionOf(known) === apiVersion);
  }

  /** Any served version of a resource, by `plural.group`. */
  byKey(key: string): KindDefinition | undefined {
    return this.all().find((known) => resourceKey(known) === key);
  }
}
