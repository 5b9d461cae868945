/**
 * A queue of keys, each worked off once however often it was added meanwhile. Work happens in later turns of the event
 * loop, a few keys at a time, so that requests are answered in between.
 */

const keysPerTurn = 64;

export class WorkQueue {
  readonly #work: (key: string) => void;
  readonly #keys = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(work: (key: string) => void) {
    this.#work = work;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#keys.add(key);
    this.#scheduled ??= setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = undefined;
    for (const key of [...this.#keys].slice(0, keysPerTurn)) {
      this.#keys.delete(key);
      this.#work(key);
    }
    if (this.#keys.size > 0 && !this.#closed) this.#scheduled ??= setImmediate(() => this.#turn());
  }

  close(): void {
    this.#closed = true;
    this.#keys.clear();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
  }
}
