/**
 * What a controller has done and not yet seen in its informers.
 *
 * Without it a controller that reads stale copies creates a second VMI or deletes a fresh one. A creation is met by an object of
 * that uid, a deletion by that object going away or by its deletionTimestamp.
 */
import type { KubeObject } from '@compute/kube-client';

export class Expectations {
  readonly #created = new Map<string, string>();
  readonly #deleted = new Map<string, string>();

  /** `seen` is what the informer holds now: an informer may be faster than the answer to the call. */
  expectCreation(key: string, uid: string, seen: KubeObject | undefined): void {
    if (seen?.metadata.uid !== uid) this.#created.set(key, uid);
  }

  /** As {@link expectCreation}, for a deletion that the server accepted. */
  expectDeletion(key: string, uid: string, seen: KubeObject | undefined): void {
    this.#deleted.set(key, uid);
    this.observe(key, seen);
  }

  /** Tells what is there now: the object, or undefined when there is none. */
  observe(key: string, object: KubeObject | undefined): void {
    const uid = object?.metadata.uid;
    if (uid !== undefined && this.#created.get(key) === uid) this.#created.delete(key);
    const expected = this.#deleted.get(key);
    if (expected === undefined) return;
    if (uid !== expected || object?.metadata.deletionTimestamp !== undefined) this.#deleted.delete(key);
  }

  forget(key: string): void {
    this.#created.delete(key);
    this.#deleted.delete(key);
  }

  isCreationExpected(key: string): boolean {
    return this.#created.has(key);
  }

  isDeletionExpected(key: string): boolean {
    return this.#deleted.has(key);
  }

  areMet(key: string): boolean {
    return !this.#created.has(key) && !this.#deleted.has(key);
  }
}
