/**
 * Gives every webhook its turns, in one worker at a time. A turn belongs to one webhook and waits for nobody else's: a
 * receiver that is slow or dead holds up its own messages alone. Two dispatchers for an instant deliver twice at worst,
 * under the same ids.
 */
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';
import { takeTurn, type WebhookStore } from './webhook-turn.ts';

const EVERY_MS = 1_000;
const TIMEOUT_MS = 15_000;
/** Connections that may be open at once; who fails waits minutes before it takes one again. */
const MOST_TURNS = 128;

export interface WebhookDispatcherOptions {
  readonly store: WebhookStore & LeadershipPort;
  readonly allowPrivate: boolean;
  /** Which addresses are not connected to; those that are not of the Internet. */
  readonly isForbidden?: (address: string) => boolean;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  readonly onDisabled: (webhook: string, reason: string) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createWebhookDispatcher(options: WebhookDispatcherOptions): WebhookDispatcher {
  return new WebhookDispatcher(options);
}

export class WebhookDispatcher {
  readonly #options: WebhookDispatcherOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #task: LeaderTask;

  constructor(options: WebhookDispatcherOptions) {
    this.#options = options;
    const { store, onError, everyMs = EVERY_MS } = options;
    this.#task = new LeaderTask(store, { name: 'webhooks', everyMs, step: () => this.#step(), onError });
  }

  start(): this {
    this.#task.start();
    return this;
  }

  /** Resolves when no turn runs any more. What was being sent is sent again by the next leader. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#task.stop();
    await Promise.all(this.#running.values());
  }

  async #step(): Promise<'done'> {
    for (const id of await this.#options.store.webhooks.due()) {
      if (this.#stopping.signal.aborted || this.#running.size >= MOST_TURNS) break;
      if (!this.#running.has(id)) this.#running.set(id, this.#take(id));
    }
    return 'done';
  }

  async #take(id: string): Promise<void> {
    const { store, allowPrivate, isForbidden, timeoutMs = TIMEOUT_MS, onDisabled, onError } = this.#options;
    const { signal } = this.#stopping;
    const rules = isForbidden ? { isForbidden } : {};
    try {
      while (await takeTurn(id, { store, allowPrivate, ...rules, timeoutMs, signal, onDisabled }));
    } catch (error) {
      onError('webhooks', error);
    } finally {
      this.#running.delete(id);
    }
  }
}
