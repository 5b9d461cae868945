/**
 * All objects of a server in memory: one revision counter, one collection per resource, one place (`#commit`) where a
 * change becomes visible, is journalled and is told to the controllers (garbage collection, namespaces, quotas).
 */
import type { StateReader } from '../protocol/admission.ts';
import type { Backends, ObjectKey, ResourceBackend, WatchEvent } from '../protocol/backend.ts';
import type { KindDefinition, KindRegistry } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, ObjectVersion, timestamp } from '../protocol/kube-object.ts';
import { expired, forbidden, notFound } from '../protocol/status-error.ts';
import { Collection } from './collection.ts';
import { ConvertedBackend } from './converted-backend.ts';
import { MemoryBackend } from './memory-backend.ts';
import { ObjectWriter, type WriterStore } from './object-writer.ts';
import { PageCache } from './page-cache.ts';

export interface MemoryStoreOptions {
  /** Events each resource can replay; between this many and twice as many are kept. */
  historyLimit?: number;
}

/** One change, as controllers and the journal see it. */
export interface Commit {
  kind: KindDefinition;
  event: WatchEvent;
}

const defaultHistoryLimit = 4096;
const protectedNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export class MemoryStore implements Backends, StateReader, WriterStore {
  readonly kinds: KindRegistry;
  readonly pages = new PageCache();
  readonly #historyLimit: number;
  readonly #collections = new Map<string, Collection>();
  readonly #backends = new Map<KindDefinition, ResourceBackend>();
  readonly #writers = new Map<KindDefinition, ObjectWriter>();
  readonly #listeners: ((commit: Commit) => void)[] = [];
  #quotaCheck: WriterStore['checkQuota'] | undefined;
  #revision = 1;

  constructor(kinds: KindRegistry, options: MemoryStoreOptions = {}) {
    this.kinds = kinds;
    this.#historyLimit = options.historyLimit ?? defaultHistoryLimit;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** Used when state is loaded: histories begin here. */
  startAt(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    for (const collection of this.#collections.values()) collection.history.expire(this.#revision);
  }

  /** Calls back after every change, in order, in the turn of the change. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener);
  }

  collection(resource: string): Collection {
    let collection = this.#collections.get(resource);
    if (collection === undefined) {
      collection = new Collection(resource, this.#historyLimit, this.#revision);
      this.#collections.set(resource, collection);
    }
    return collection;
  }

  collections(): Collection[] {
    return [...this.#collections.values()];
  }

  backendOf(kind: KindDefinition): ResourceBackend {
    let backend = this.#backends.get(kind);
    if (backend === undefined) {
      backend = this.#makeBackend(kind);
      this.#backends.set(kind, backend);
    }
    return backend;
  }

  #makeBackend(kind: KindDefinition): ResourceBackend {
    if (kind.storedAs === undefined) return new MemoryBackend(kind, this);
    const stored = this.kinds.byKey(resourceKey(kind.storedAs));
    if (stored === undefined) throw new Error(`${resourceKey(kind)} is stored as a kind that is not registered`);
    return new ConvertedBackend(kind.storedAs, this.backendOf(stored));
  }

  /** The synchronous writes of a kind, for controllers inside this process. */
  writer(kind: KindDefinition): ObjectWriter {
    let writer = this.#writers.get(kind);
    if (writer === undefined) {
      writer = new ObjectWriter(kind, this);
      this.#writers.set(kind, writer);
    }
    return writer;
  }

  find(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#collections.get(resource)?.get({ namespace, name })?.object;
  }

  list(resource: string, namespace = ''): KubeObject[] {
    return (this.#collections.get(resource)?.list(namespace) ?? []).map(({ object }) => object);
  }

  current(kind: KindDefinition, key: ObjectKey): ObjectVersion | undefined {
    return this.collection(resourceKey(kind)).get(key);
  }

  put(kind: KindDefinition, object: KubeObject): ObjectVersion {
    return this.#commit(kind, object, (collection, version) => collection.put(version));
  }

  remove(kind: KindDefinition, object: KubeObject): ObjectVersion {
    return this.#commit(kind, object, (collection, version) => collection.remove(version));
  }

  #commit(
    kind: KindDefinition,
    object: KubeObject,
    change: (collection: Collection, version: ObjectVersion) => WatchEvent,
  ): ObjectVersion {
    this.#revision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    const version = new ObjectVersion({ ...object, metadata });
    const event = change(this.collection(resourceKey(kind)), version);
    for (const listener of this.#listeners) listener({ kind, event });
    return version;
  }

  checkNamespace(kind: KindDefinition, { metadata }: KubeObject): void {
    const namespaces = this.kinds.byKey('namespaces');
    if (namespaces === undefined) return;
    const { namespace = '', name } = metadata;
    const found = this.find('namespaces', '', namespace);
    if (found === undefined) throw notFound(namespaces, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const message = `namespace ${namespace} is being terminated`;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name, why, [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }]);
  }

  /** Lets a keeper of quotas stand before every write. */
  limitBy(check: WriterStore['checkQuota']): void {
    this.#quotaCheck = check;
  }

  checkQuota(kind: KindDefinition, object: KubeObject, previous: KubeObject | undefined): void {
    this.#quotaCheck?.(kind, object, previous);
  }

  /** Creates the namespaces every cluster has. */
  createNamespaces(): void {
    const kind = this.kinds.byKey('namespaces');
    if (kind === undefined) return;
    for (const name of protectedNamespaces) {
      if (this.find('namespaces', '', name) !== undefined) continue;
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      this.writer(kind).create(object, { user: { name: 'system:apiserver', groups: [] }, dryRun: false });
    }
  }

  /** Forgets events and pages: watches and lists that go on from the past get 410. Running watches end with 410. */
  expireHistory(resource?: string): void {
    const affected = this.collections().filter(
      (collection) => resource === undefined || collection.resource === resource,
    );
    for (const collection of affected) {
      collection.history.expire(this.#revision);
      collection.endWatches(expired(`too old resource version: ${this.#revision - 1} (${this.#revision})`));
    }
    this.pages.clear();
  }

  /** Removes objects of kinds with a time to live that are past it. */
  sweep(nowMs = Date.now()): void {
    for (const kind of this.kinds.all()) {
      if (kind.timeToLiveSeconds === undefined || kind.storedAs !== undefined) continue;
      const oldest = timestamp(nowMs - kind.timeToLiveSeconds * 1000);
      const dead = this.list(resourceKey(kind)).filter((object) => lastSeen(object) < oldest);
      for (const object of dead) this.remove(kind, object);
    }
  }
}

function lastSeen(object: KubeObject): string {
  const series = fieldsOf(object.series).lastObservedTime;
  return String(series ?? object.lastTimestamp ?? object.metadata.creationTimestamp ?? '');
}
