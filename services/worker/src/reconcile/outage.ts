/**
 * How a worker bears what concerns all its looks at once, such as a database that is away or has another schema.
 *
 * A look that fails and cannot even be put on its row's schedule would be repeated by every sweep and every event. Instead
 * it holds its place in the queue until a pause ends that all such looks of the worker share: it doubles from pause to
 * pause, stays under a ceiling that is short against the grace of a stop, and starts anew once a look succeeds. A row that
 * fails alone thereby holds one place, not the worker.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

const CEILING_MS = 5_000;
const LOG_EVERY_MS = 5_000;

export interface OutageClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Resolves after the time, or when the signal aborts. */
  pause(pauseMs: number, signal: AbortSignal): Promise<void>;
}

const systemClock: OutageClock = {
  now: () => performance.now(),
  pause: (pauseMs, signal) => sleep(pauseMs, undefined, { signal }).catch(() => undefined),
};

export class Outage {
  readonly #clock: OutageClock;
  readonly #retry: RetryPolicy;
  readonly #ending = new AbortController();
  readonly #logged = new Map<string, { readonly atMs: number; omitted: number }>();
  #pauses = 0;
  #untilMs = 0;

  constructor(retry: RetryPolicy, clock: OutageClock = systemClock) {
    this.#retry = { firstMs: retry.firstMs, ceilingMs: Math.min(retry.ceilingMs, CEILING_MS) };
    this.#clock = clock;
  }

  /** Resolves when the pause that runs has ended; begins one if none runs. */
  async pause(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const nowMs = this.#clock.now();
    if (nowMs >= this.#untilMs) {
      this.#untilMs = nowMs + retryDelayMs(this.#pauses, this.#retry);
      this.#pauses += 1;
    }
    await this.#clock.pause(this.#untilMs - nowMs, this.#ending.signal);
  }

  /** The next pause is a short one again. */
  over(): void {
    this.#pauses = 0;
  }

  /** For the stop of the worker: ends the pause that runs, and none begins any more. */
  end(): void {
    this.#ending.abort();
  }

  /** Calls `log` at the first failure of its kind in some seconds, with how many were left out since the last one. */
  report(message: string, error: unknown, log: (omitted: number) => void): void {
    const nowMs = this.#clock.now();
    const kind = `${message} ${kindOf(error)}`;
    const last = this.#logged.get(kind);
    if (last && nowMs < last.atMs + LOG_EVERY_MS) {
      last.omitted += 1;
      return;
    }
    this.#forget(nowMs);
    this.#logged.set(kind, { atMs: nowMs, omitted: 0 });
    log(last?.omitted ?? 0);
  }

  /** Kinds of which nothing was left out lately: their number stays small whatever the errors say. */
  #forget(nowMs: number): void {
    for (const [kind, { atMs }] of this.#logged) if (nowMs >= atMs + LOG_EVERY_MS) this.#logged.delete(kind);
  }
}

/** The code of a fault or of the database; of anything else what it says. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${'code' in error ? String(error.code) : error.message}`;
}
