/**
 * The objects of one resource with their history and watchers. Knows nothing of the meaning of objects; every change
 * goes through `put` and `remove`, which tell the watchers in the same turn.
 */
import type { ObjectKey, WatchEvent, WatchSink } from '../protocol/backend.ts';
import { ObjectVersion } from '../protocol/kube-object.ts';
import { EventHistory } from './event-history.ts';
import { SortedKeys } from './sorted-keys.ts';

/** `namespace/name`; cluster-scoped objects have an empty namespace. */
export function textKey({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

export class Collection {
  readonly resource: string;
  readonly history: EventHistory;
  readonly #objects = new Map<string, ObjectVersion>();
  readonly #keys = new SortedKeys();
  readonly #watchers = new Set<WatchSink>();

  constructor(resource: string, historyLimit: number, floor: number) {
    this.resource = resource;
    this.history = new EventHistory(historyLimit, floor);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): ObjectVersion | undefined {
    return this.#objects.get(textKey(key));
  }

  /** All objects of a namespace (or of all), in key order. */
  list(namespace: string): ObjectVersion[] {
    const keys = this.#keys.withPrefix(namespace === '' ? '' : `${namespace}/`);
    return keys.map((key) => this.#objects.get(key) as ObjectVersion);
  }

  /** Stores a version and tells watchers. */
  put(version: ObjectVersion): WatchEvent {
    const { namespace = '', name } = version.object.metadata;
    const key = textKey({ namespace, name });
    const previous = this.#objects.get(key);
    this.#objects.set(key, version);
    if (previous === undefined) this.#keys.add(key);
    return this.#tell({ type: previous === undefined ? 'ADDED' : 'MODIFIED', version, previous });
  }

  /** Removes an object; `version` is its last state with the revision of the removal. */
  remove(version: ObjectVersion): WatchEvent {
    const { namespace = '', name } = version.object.metadata;
    const key = textKey({ namespace, name });
    const previous = this.#objects.get(key);
    this.#objects.delete(key);
    this.#keys.delete(key);
    return this.#tell({ type: 'DELETED', version, previous });
  }

  /** Puts an object back without an event, when state is loaded. */
  restore(version: ObjectVersion): void {
    const { namespace = '', name } = version.object.metadata;
    const key = textKey({ namespace, name });
    this.#objects.set(key, version);
    this.#keys.add(key);
  }

  /** The counterpart of `restore`. */
  forget(key: ObjectKey): void {
    this.#objects.delete(textKey(key));
    this.#keys.delete(textKey(key));
  }

  #tell(event: WatchEvent): WatchEvent {
    this.history.record(Number(event.version.resourceVersion), event);
    for (const watcher of this.#watchers) watcher.event(event);
    return event;
  }

  attach(watcher: WatchSink): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Ends every watch, with an error frame when one is given. */
  endWatches(error?: Error): void {
    for (const watcher of [...this.#watchers]) {
      this.#watchers.delete(watcher);
      watcher.end(error);
    }
  }
}
