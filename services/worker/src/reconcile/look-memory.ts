/**
 * What one process remembers of a resource between two looks: how often its own work failed, and when it is due.
 *
 * It only makes pauses grow and spares statements. Losing it (a restart, another worker's turn) costs one short pause or
 * one statement; what must happen stands in the row's due time. Only failing and importing resources have an entry.
 */
interface Remembered {
  readonly failures: number;
  readonly dueAtMs: number;
}

const NOTHING: Remembered = { failures: 0, dueAtMs: 0 };

export class LookMemory {
  readonly #entries = new Map<string, Remembered>();

  /** Failures in a row. */
  failures(uid: string): number {
    return this.#of(uid).failures;
  }

  /** Counts one more failure; returns how many there are now. */
  failed(uid: string): number {
    const failures = this.failures(uid) + 1;
    this.#entries.set(uid, { ...this.#of(uid), failures });
    return failures;
  }

  /** Whether the row's due time, as far as this process knows, has come. */
  isDue(uid: string): boolean {
    return this.#of(uid).dueAtMs <= Date.now();
  }

  scheduled(uid: string, afterMs: number): void {
    this.#entries.set(uid, { ...this.#of(uid), dueAtMs: Date.now() + afterMs });
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #of(uid: string): Remembered {
    return this.#entries.get(uid) ?? NOTHING;
  }
}
