// Finds objects of an informer by something else than their name, without looking at all of them.
import type { Informer, KubeObject } from '@compute/kube-client';

/** Objects by index key. Made before the informer is started; it is up to date whenever a later listener is called. */
export class InformerIndex<T extends KubeObject> {
  readonly #indexKeysOf: (object: T) => readonly string[];
  readonly #found = new Map<string, Map<string, T>>();
  readonly #keysOf = new Map<string, readonly string[]>();

  constructor(informer: Informer<T>, indexKeysOf: (object: T) => readonly string[]) {
    this.#indexKeysOf = indexKeysOf;
    informer.onChange(({ type, key, object }) => this.#set(key, type === 'deleted' ? undefined : object));
  }

  /** The objects that have this index key. */
  get(indexKey: string): T[] {
    return [...(this.#found.get(indexKey)?.values() ?? [])];
  }

  #set(key: string, object: T | undefined): void {
    for (const old of this.#keysOf.get(key) ?? []) this.#drop(old, key);
    if (object === undefined) {
      this.#keysOf.delete(key);
      return;
    }
    const indexKeys = this.#indexKeysOf(object);
    this.#keysOf.set(key, indexKeys);
    for (const indexKey of indexKeys) {
      const objects = this.#found.get(indexKey) ?? new Map<string, T>();
      this.#found.set(indexKey, objects.set(key, object));
    }
  }

  #drop(indexKey: string, key: string): void {
    const objects = this.#found.get(indexKey);
    objects?.delete(key);
    if (objects?.size === 0) this.#found.delete(indexKey);
  }
}
