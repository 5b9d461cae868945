// Keeps a local, always current copy of a collection: list once, then watch from there, for ever.
// Invariants a reader could break: the resource version only moves forward with what was applied; an event that is not newer than what
// is held is ignored (streams may repeat or reorder); after a relist whatever was not listed is reported as deleted.
// Only the projection of an object is kept, so memory is that of the fields somebody asked for.
import { Backoff, type BackoffOptions, pause } from './backoff.ts';
import type { KubeClient } from './kube-client.ts';
import { isGone } from './kube-error.ts';
import { type KubeObject, objectKey } from './kube-object.ts';
import type { ResourceKind } from './resource-kind.ts';
import type { WatchEvent } from './watch.ts';

export interface InformerOptions<T extends KubeObject, P> {
  client: KubeClient;
  kind: ResourceKind<T>;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** What is kept of an object, computed as it is parsed. Absent: the object without its managedFields. */
  project?: (object: T) => P;
  /** Objects per page of the list, 250: parsing one page is the longest pause of the event loop. */
  pageSize?: number;
  /** Without a byte for this time (bookmarks count) the watch is opened again, 120 s. */
  stallTimeoutMs?: number;
  backoff?: BackoffOptions;
  /** Hears of failed lists and watches and of exceptions in listeners; all of them are survived. Default: a process warning. */
  onError?: (error: unknown) => void;
}

export interface InformerChange<P> {
  type: 'added' | 'modified' | 'deleted';
  key: string;
  object: P;
  previous?: P;
}

interface Entry<P> {
  resourceVersion: string;
  uid: string | undefined;
  value: P;
}

const serverTimeoutMs = 5 * 60_000;
const rememberedDeletions = 1_000;

export class Informer<T extends KubeObject, P = T> {
  readonly #options: InformerOptions<T, P>;
  readonly #entries = new Map<string, Entry<P>>();
  readonly #listeners = new Set<(change: InformerChange<P>) => void>();
  readonly #deletions = new Map<string, string>();
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  readonly #synced = Promise.withResolvers<void>();
  #resourceVersion: string | undefined;
  #running: Promise<void> | undefined;
  #lastEventAt = 0;

  constructor(options: InformerOptions<T, P>) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? { minMs: 100, maxMs: 30_000 });
    this.#synced.promise.catch(() => undefined);
  }

  /** Starts following; resolves when the first list is complete, and rejects only when stopped before. Idempotent. */
  start(): Promise<void> {
    this.#running ??= this.#run(this.#stopping.signal);
    return this.#synced.promise;
  }

  /** Stops following and forgets nothing: the copy stays readable as it was. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('informer stopped'));
    await this.#running;
    this.#synced.reject(this.#stopping.signal.reason);
  }

  get(namespace: string | undefined, name: string): P | undefined {
    return this.#entries.get(objectKey(namespace === undefined ? { name } : { namespace, name }))?.value;
  }

  /** As {@link get}, by `namespace/name`. */
  getByKey(key: string): P | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The `namespace/name` of every object, with the object. */
  *entries(): Generator<readonly [key: string, object: P]> {
    for (const [key, entry] of this.#entries) yield [key, entry.value];
  }

  /** All objects, or those of one namespace. */
  list(namespace?: string): P[] {
    const found: P[] = [];
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    for (const [key, entry] of this.#entries) if (key.startsWith(prefix)) found.push(entry.value);
    return found;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** When the server was last heard of (list, event or bookmark), in ms since 1970; 0 before the first list. */
  get lastEventAt(): number {
    return this.#lastEventAt;
  }

  /** Calls the listener on every change from now on, synchronously and in order. Returns what removes it again. */
  onChange(listener: (change: InformerChange<P>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = Date.now();
      try {
        await this.#follow(signal);
        // A server that closes watches at once is treated as one that fails: never a busy loop.
        if (Date.now() - startedAt < 1_000) await pause(this.#backoff.nextMs(), signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#resourceVersion ??= await this.#relist(signal);
    const { client, kind, stallTimeoutMs = 120_000 } = this.#options;
    const spread = serverTimeoutMs * (1 + Math.random());
    await client.watch(
      kind,
      {
        ...this.#selection(),
        resourceVersion: this.#resourceVersion,
        allowBookmarks: true,
        serverTimeoutMs: spread,
        stallTimeoutMs,
      },
      (event) => this.#onEvent(event),
      signal,
    );
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (isGone(error)) this.#resourceVersion = undefined;
    else this.#report(error);
    await pause(this.#backoff.nextMs(), signal);
  }

  async #relist(signal: AbortSignal): Promise<string> {
    const seen = new Set<string>();
    let resourceVersion = '';
    const { client, kind, pageSize = 250 } = this.#options;
    for await (const page of client.listPages(kind, { ...this.#selection(), limit: pageSize, signal })) {
      this.#lastEventAt = Date.now();
      resourceVersion = page.resourceVersion;
      for (const object of page.items) {
        seen.add(objectKey(object.metadata));
        this.#upsert(object, true);
      }
    }
    for (const key of [...this.#entries.keys()]) if (!seen.has(key)) this.#remove(key);
    this.#deletions.clear();
    this.#synced.resolve();
    return resourceVersion;
  }

  #selection(): { namespace?: string; labelSelector?: string; fieldSelector?: string } {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  #onEvent(event: WatchEvent<T>): void {
    this.#lastEventAt = Date.now();
    this.#backoff.reset();
    if (event.type === 'DELETED') this.#onDeleted(event.object);
    else if (event.type !== 'BOOKMARK') this.#upsert(event.object, false);
    this.#advance(event.object.metadata.resourceVersion);
  }

  #advance(resourceVersion: string | undefined): void {
    if (resourceVersion === undefined) return;
    if (this.#resourceVersion === undefined || isNewer(resourceVersion, this.#resourceVersion)) {
      this.#resourceVersion = resourceVersion;
    }
  }

  #onDeleted(object: T): void {
    const key = objectKey(object.metadata);
    const resourceVersion = object.metadata.resourceVersion ?? '';
    const held = this.#entries.get(key);
    if (held !== undefined && held.uid !== object.metadata.uid) return;
    this.#rememberDeletion(key, resourceVersion);
    this.#remove(key);
  }

  #rememberDeletion(key: string, resourceVersion: string): void {
    this.#deletions.delete(key);
    this.#deletions.set(key, resourceVersion);
    if (this.#deletions.size <= rememberedDeletions) return;
    const oldest = this.#deletions.keys().next().value;
    if (oldest !== undefined) this.#deletions.delete(oldest);
  }

  #upsert(object: T, listed: boolean): void {
    const key = objectKey(object.metadata);
    const { resourceVersion = '', uid } = object.metadata;
    const held = this.#entries.get(key);
    if (held?.resourceVersion === resourceVersion) return;
    if (!listed && this.#isOutdated(key, resourceVersion, held)) return;
    const replaced = held !== undefined && held.uid !== uid;
    if (replaced) this.#remove(key);
    const value = this.#project(object);
    this.#entries.set(key, { resourceVersion, uid, value });
    if (held === undefined || replaced) this.#emit({ type: 'added', key, object: value });
    else this.#emit({ type: 'modified', key, object: value, previous: held.value });
  }

  #isOutdated(key: string, resourceVersion: string, held: Entry<P> | undefined): boolean {
    const known = held?.resourceVersion ?? this.#deletions.get(key);
    return known !== undefined && isNewer(known, resourceVersion);
  }

  #remove(key: string): void {
    const held = this.#entries.get(key);
    if (held === undefined) return;
    this.#entries.delete(key);
    this.#emit({ type: 'deleted', key, object: held.value, previous: held.value });
  }

  #project(object: T): P {
    if (this.#options.project !== undefined) return this.#options.project(object);
    delete object.metadata.managedFields;
    return object as unknown as P;
  }

  #emit(change: InformerChange<P>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #report(error: unknown): void {
    if (this.#options.onError !== undefined) this.#options.onError(error);
    else process.emitWarning(`informer of ${this.#options.kind.plural}: ${error}`);
  }
}

// Resource versions of one kind are decimal and grow. Where a server's are not, nothing counts as newer and every event is believed.
function isNewer(left: string, right: string): boolean {
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return left.length === right.length ? left > right : left.length > right.length;
}
