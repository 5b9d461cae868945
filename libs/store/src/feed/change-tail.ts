/**
 * The one reader of the feed's end in this process, whatever the number of subscribers: it reads each change once,
 * makes each object once, and keeps the last ones in memory. Subscribers keep only a position; one that falls behind
 * what is in memory reads pages from the database until it has caught up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../records.ts';
import type { ChangeLog } from './change-log.ts';
import type { HighWaterMark } from './high-water-mark.ts';
import type { Hints } from './hints.ts';

const KEPT = 8_192;
const PAGE = 1_000;
/** The guarantee below the hints. */
const POLL_MS = 250;
/** Changes that come together are read together. */
const LEAST_PAUSE_MS = 5;
const RETRY_MS = 500;

export interface TailOptions {
  readonly mark: HighWaterMark;
  readonly log: ChangeLog;
  readonly hints: Hints;
  readonly onError: (error: unknown) => void;
  /** Hears how old the oldest change of each page was when it was read. */
  readonly onLag: (lagMs: number) => void;
}

export class ChangeTail {
  readonly #options: TailOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #kept: Change[] = [];
  /** Everything after this position and up to `#head` is in `#kept`. */
  #floor = 0;
  #head = 0;
  #started: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: TailOptions) {
    this.#options = options;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** The settled end of the feed as this process knows it. */
  get head(): number {
    return this.#head;
  }

  /** Resolves once the tail follows the feed; the first caller starts it. */
  start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeAll();
    await this.#started?.catch(() => undefined);
    await this.#loop;
  }

  /** The kept changes after a position, or undefined when memory does not reach back that far. */
  after(position: number): readonly Change[] | undefined {
    if (position < this.#floor) return undefined;
    return this.#kept.slice(firstAfter(this.#kept, position));
  }

  /** Calls the listener whenever the head moved, and when the tail closes. Returns the function that ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the head moved, the tail closed or the signal aborted. */
  moved(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        forget();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const forget = this.listen(end);
      signal?.addEventListener('abort', end, { once: true });
      if (signal?.aborted || this.#closing.signal.aborted) end();
    });
  }

  async #begin(): Promise<void> {
    this.#head = await this.#options.mark.fix();
    this.#floor = this.#head;
    this.#loop = this.#follow();
  }

  async #follow(): Promise<void> {
    const { hints, onError } = this.#options;
    while (!this.#closing.signal.aborted) {
      const hinted = hints.next('changes', { timeoutMs: POLL_MS, signal: this.#closing.signal });
      let pauseMs = LEAST_PAUSE_MS;
      try {
        if (await this.#advance()) continue;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        onError(error);
        pauseMs = RETRY_MS;
      }
      await hinted;
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Returns whether there was anything. */
  async #advance(): Promise<boolean> {
    const mark = await this.#options.mark.fixAfter(this.#head);
    if (mark <= this.#head) return false;
    while (this.#head < mark) {
      const page = await this.#options.log.read({ after: this.#head, upTo: mark, limit: PAGE });
      this.#keep(page);
      const oldest = page[0];
      if (oldest) this.#options.onLag(Math.max(0, Date.now() - oldest.at.getTime()));
      this.#head = page.length < PAGE ? mark : Number(page.at(-1)?.seq);
      this.#wakeAll();
    }
    return true;
  }

  #keep(page: readonly Change[]): void {
    this.#kept.push(...page);
    if (this.#kept.length <= KEPT) return;
    const dropped = this.#kept.splice(0, this.#kept.length - KEPT / 2);
    this.#floor = Number(dropped.at(-1)?.seq);
  }

  #wakeAll(): void {
    for (const wake of [...this.#listeners]) wake();
  }
}

/** Index of the first change after the position; the list is in order. */
function firstAfter(changes: readonly Change[], position: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(changes[middle]?.seq) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
