/**
 * A background loop that runs in one worker process at a time, whoever leads.
 *
 * Leadership is an advisory lock of the database: it ends with the leader's connection, and another process takes over.
 * Two leaders for an instant must be harmless for what runs here; leadership only saves doing the work many times.
 */
import { PeriodicLoop, type PeriodicLoopOptions } from './periodic-loop.ts';

/** Pause before asking for leadership again after it was lost or the database failed. */
const CANDIDACY_PAUSE_MS = 2_000;

export interface LeadershipPort {
  /** Waits until this process leads, runs `lead`, and ends when `lead` ends, leadership is lost, or `signal` aborts. */
  withLeadership(name: string, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export class LeaderTask {
  readonly #store: LeadershipPort;
  readonly #options: PeriodicLoopOptions;
  readonly #stopping = new AbortController();
  readonly #candidacy: PeriodicLoop;

  constructor(store: LeadershipPort, options: PeriodicLoopOptions) {
    this.#store = store;
    this.#options = options;
    this.#candidacy = new PeriodicLoop({
      name: `leadership of ${options.name}`,
      everyMs: CANDIDACY_PAUSE_MS,
      step: () => this.#stand(),
      onError: options.onError,
    });
  }

  start(): this {
    this.#candidacy.start();
    return this;
  }

  /** Resolves when the step that runs has ended and leadership is given up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#candidacy.stop();
  }

  async #stand(): Promise<'done'> {
    const { signal } = this.#stopping;
    if (!signal.aborted) await this.#store.withLeadership(this.#options.name, (lost) => this.#lead(lost), signal);
    return 'done';
  }

  async #lead(lost: AbortSignal): Promise<void> {
    const loop = new PeriodicLoop(this.#options).start();
    await aborted(AbortSignal.any([lost, this.#stopping.signal]));
    await loop.stop();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
