/**
 * Gathers pokes for a moment, so that a burst of cluster events about one resource becomes one job.
 *
 * A poke is in memory only until it is handed over. What is lost with the process is found again by the informers'
 * first list of the next process and by the sweep.
 */
import { type Poke, pokeKey } from '@compute/queue';

export interface PokeCoalescerOptions {
  /** How long the first poke of a batch waits for more. */
  readonly windowMs: number;
  /** Retried with the same pokes after this time when sending fails. */
  readonly retryMs: number;
  readonly send: (pokes: readonly Poke[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export class PokeCoalescer {
  readonly #options: PokeCoalescerOptions;
  readonly #waiting = new Map<string, Poke>();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(options: PokeCoalescerOptions) {
    this.#options = options;
  }

  /** Hands the poke over within the window, together with all others. */
  add(poke: Poke): void {
    if (this.#stopped) return;
    this.#waiting.set(pokeKey(poke), poke);
    if (!this.#sending) this.#schedule(this.#options.windowMs);
  }

  /** Sends what waits, once, and takes no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.#waiting.size > 0) await this.#sendBatch();
  }

  #schedule(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sendBatch().then((sent) => {
        this.#sending = undefined;
        const { windowMs, retryMs } = this.#options;
        if (this.#waiting.size > 0 && !this.#stopped) this.#schedule(sent ? windowMs : retryMs);
      });
    }, delayMs);
  }

  async #sendBatch(): Promise<boolean> {
    const batch = [...this.#waiting.values()];
    this.#waiting.clear();
    try {
      await this.#options.send(batch);
      return true;
    } catch (error) {
      this.#options.onError(error);
      for (const poke of batch) if (!this.#waiting.has(pokeKey(poke))) this.#waiting.set(pokeKey(poke), poke);
      return false;
    }
  }
}
