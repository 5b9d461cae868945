/**
 * Hints that something was written: to listeners in this process at once, to other processes by NOTIFY.
 *
 * A hint may be lost and may come for nothing; whoever waits for one polls besides. NOTIFY never takes part in a
 * writer's transaction, where it would make commits wait for each other: one connection sends it afterwards, at most
 * once in `NOTIFY_PAUSE_MS`, however many writes there were.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export type HintTopic = 'outbox' | 'changes';

const CHANNEL = 'compute_hint';
const NOTIFY_PAUSE_MS = 5;
const RECONNECT_MS = 1_000;

const NOTIFY = { name: 'notify', text: 'select pg_notify($1, topic) from unnest($2::text[]) as topic' };

export interface NextOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export class Hints {
  readonly #config: pg.ClientConfig;
  readonly #onError: (error: unknown) => void;
  readonly #listeners: Record<HintTopic, Set<() => void>> = { outbox: new Set(), changes: new Set() };
  readonly #unsent = new Set<HintTopic>();
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #sending: Promise<void> | undefined;

  constructor(config: pg.ClientConfig, onError: (error: unknown) => void) {
    this.#config = config;
    this.#onError = onError;
  }

  /** Resolves when hints of other processes are heard. */
  async open(): Promise<void> {
    const client = new pg.Client(this.#config);
    client.on('error', (error) => this.#onError(error));
    client.on('end', () => void this.#reopen(client));
    client.on('notification', ({ processId, payload }) => {
      if (processId !== (client as unknown as { processID: number }).processID) this.#tell(payload as HintTopic);
    });
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    this.#client = client;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // The last writes' hint still goes out.
    await this.#sending;
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  /** To be called after a commit. */
  give(topics: readonly HintTopic[]): void {
    for (const topic of topics) {
      this.#tell(topic);
      this.#unsent.add(topic);
    }
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Returns the function that ends the listening. */
  listen(topic: HintTopic, listener: () => void): () => void {
    this.#listeners[topic].add(listener);
    return () => this.#listeners[topic].delete(listener);
  }

  /** Resolves at the next hint, after the time, or when the signal aborts or the store closes. */
  next(topic: HintTopic, { timeoutMs, signal }: NextOptions): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        forget();
        signal?.removeEventListener('abort', end);
        this.#closing.signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      const forget = this.listen(topic, end);
      signal?.addEventListener('abort', end, { once: true });
      this.#closing.signal.addEventListener('abort', end, { once: true });
      if (signal?.aborted || this.#closing.signal.aborted) end();
    });
  }

  #tell(topic: HintTopic): void {
    for (const listener of [...(this.#listeners[topic] ?? [])]) listener();
  }

  async #send(): Promise<void> {
    try {
      while (this.#unsent.size > 0 && this.#client) {
        const topics = [...this.#unsent];
        this.#unsent.clear();
        await this.#client.query({ ...NOTIFY, values: [CHANNEL, topics] });
        await sleep(NOTIFY_PAUSE_MS);
      }
    } catch (error) {
      this.#onError(error);
    }
  }

  async #reopen(lost: pg.Client): Promise<void> {
    if (this.#client === lost) this.#client = undefined;
    while (!this.#closing.signal.aborted && !this.#client) {
      await sleep(RECONNECT_MS, undefined, { ref: false });
      if (this.#closing.signal.aborted) return;
      await this.open().catch(this.#onError);
    }
  }
}
