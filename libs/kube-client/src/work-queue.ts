// Keys waiting for work. A key is in the queue at most once and processed by at most one worker at a time; added while it is being
// processed, it runs once more afterwards. So a processor may always read the newest state and never needs a lock of its own.

export interface WorkQueueOptions {
  /** Does the work of one key. Throwing means "again later, after a growing pause"; returning means done. */
  process: (key: string, signal: AbortSignal) => Promise<void>;
  /** Keys in work at the same time, 1. */
  concurrency?: number;
  /** First pause after a failure, 5 ms; it doubles with each failure of the same key. */
  minBackoffMs?: number;
  /** Longest pause, 1000 s. */
  maxBackoffMs?: number;
  onError?: (key: string, error: unknown) => void;
  /** Replaces setTimeout for addAfter and backoff (scaled time); returns what cancels it. */
  schedule?: (delayMs: number, run: () => void) => () => void;
}

interface Delayed {
  dueAt: number;
  cancel: () => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #stopping = new AbortController();
  // Present while there is work; resolved and dropped when the last key is done.
  #busy: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait, are delayed, or are in work. */
  get size(): number {
    return new Set([...this.#waiting, ...this.#active, ...this.#again, ...this.#delayed.keys()]).size;
  }

  /** How often the key failed since it last succeeded. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Wants the key processed as soon as a worker is free. */
  add(key: string): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#active.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#dispatch();
  }

  /** Wants the key processed in `delayMs`, or earlier if that was asked for before. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueAt = performance.now() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.dueAt <= dueAt) return;
    earlier?.cancel();
    const cancel = this.#schedule(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueAt, cancel });
  }

  /** Forgets the failures and the delayed run of a key. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Resolves when no key waits or is in work (delayed keys do not count). */
  idle(): Promise<void> {
    return this.#busy?.promise ?? Promise.resolve();
  }

  /** Takes no more keys, aborts the signal of those in work and waits for them. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('work queue stopped'));
    this.#waiting.clear();
    this.#again.clear();
    for (const delayed of this.#delayed.values()) delayed.cancel();
    this.#delayed.clear();
    await this.idle();
  }

  #dispatch(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= (this.#options.concurrency ?? 1)) return;
      this.#waiting.delete(key);
      this.#busy ??= Promise.withResolvers<void>();
      this.#active.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.process(key, this.#stopping.signal);
      this.#failures.delete(key);
    } catch (error) {
      this.#onFailure(key, error);
    }
    this.#active.delete(key);
    if (this.#again.delete(key)) this.#waiting.add(key);
    this.#dispatch();
    if (this.#active.size > 0) return;
    this.#busy?.resolve();
    this.#busy = undefined;
  }

  #onFailure(key: string, error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const failures = this.failures(key);
    this.#failures.set(key, failures + 1);
    const { minBackoffMs = 5, maxBackoffMs = 1_000_000 } = this.#options;
    const delayMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 30));
    this.addAfter(key, delayMs);
    if (this.#options.onError !== undefined) this.#options.onError(key, error);
    else process.emitWarning(`work on ${key}: ${error}`);
  }

  #schedule(delayMs: number, run: () => void): () => void {
    if (this.#options.schedule !== undefined) return this.#options.schedule(delayMs, run);
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  }
}
