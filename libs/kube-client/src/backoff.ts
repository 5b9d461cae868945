// Growing, jittered pauses. Jitter matters: a thousand clients that lose a server together must not come back together.

export interface BackoffOptions {
  minMs: number;
  maxMs: number;
}

/** Doubles from `minMs` to `maxMs`; each pause is between half of it and all of it. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  nextMs(): number {
    const full = backoffMs(this.#failures, this.#options);
    this.#failures += 1;
    return full / 2 + (Math.random() * full) / 2;
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** The pause after `failures` earlier failures, without jitter. */
export function backoffMs(failures: number, options: BackoffOptions): number {
  return Math.min(options.maxMs, options.minMs * 2 ** Math.min(failures, 30));
}

/** Waits, or returns at once when the signal aborts. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener('abort', finish, { once: true });
  });
}
