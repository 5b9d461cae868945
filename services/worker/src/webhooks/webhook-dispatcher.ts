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
/** So that no project takes all of them with receivers that are slow on purpose. */
const MOST_TURNS_OF_PROJECT = 16;

export interface WebhookDispatcherOptions {
  readonly store: WebhookStore & LeadershipPort;
  readonly allowPrivate: boolean;
  /** Which addresses are not connected to; those that are not of the Internet. */
  readonly isForbidden?: (address: string) => boolean;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  /** Turns at once, of all webhooks and of those of one project. */
  readonly most?: { readonly turns: number; readonly ofProject: number };
  readonly onDisabled: (webhook: string, reason: string) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createWebhookDispatcher(options: WebhookDispatcherOptions): WebhookDispatcher {
  return new WebhookDispatcher(options);
}

export class WebhookDispatcher {
  readonly #options: WebhookDispatcherOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, { readonly owner: string; readonly turn: Promise<void> }>();
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
    await Promise.all([...this.#running.values()].map(({ turn }) => turn));
  }

  async #step(): Promise<'done'> {
    const { store, most = { turns: MOST_TURNS, ofProject: MOST_TURNS_OF_PROJECT } } = this.#options;
    for (const { id, owner } of await store.webhooks.due()) {
      if (this.#stopping.signal.aborted || this.#running.size >= most.turns) break;
      const isFull = owner !== '' && this.#turnsOf(owner) >= most.ofProject;
      if (isFull || this.#running.has(id)) continue;
      this.#running.set(id, { owner, turn: this.#take(id) });
    }
    return 'done';
  }

  #turnsOf(owner: string): number {
    return [...this.#running.values()].filter((running) => running.owner === owner).length;
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
