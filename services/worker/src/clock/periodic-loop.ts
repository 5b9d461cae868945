/**
 * A step that runs again and again in the background: the shape of the relay, the sweep, the clocks and the upkeep.
 *
 * A step runs at once on start, then after each pause or wake-up, never twice at the same time. A wake-up during a run
 * causes one more run, so no hint is lost. A failing step is told, and tried again after a growing, jittered pause.
 */
export interface PeriodicLoopOptions {
  readonly name: string;
  /** Pause between runs that found nothing to do. */
  readonly everyMs: number;
  /** Longest pause after failures; they start at `everyMs`. */
  readonly maxBackoffMs?: number;
  /** `more`: there is more to do now, run again without a pause. */
  readonly step: () => Promise<'more' | 'done'>;
  readonly onError: (name: string, error: unknown) => void;
}

const DEFAULT_MAX_BACKOFF_MS = 30_000;

export class PeriodicLoop {
  readonly #options: PeriodicLoopOptions;
  #failures = 0;
  #stopping = false;
  #woken = false;
  #endPause: () => void = () => undefined;
  #running: Promise<void> | undefined;

  constructor(options: PeriodicLoopOptions) {
    this.#options = options;
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Runs the step as soon as possible. After failures the pause is kept: a hint must not become a hot loop. */
  wake(): void {
    this.#woken = true;
    if (this.#failures === 0) this.#endPause();
  }

  /** Resolves when the step that runs has ended; none is started any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#endPause();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#woken = false;
      const outcome = await this.#runStep();
      if (outcome === 'more' || this.#stopping) continue;
      if (this.#woken && outcome === 'done') continue;
      await this.#pause(this.#pauseMs());
    }
  }

  async #runStep(): Promise<'more' | 'done' | 'failed'> {
    try {
      const outcome = await this.#options.step();
      this.#failures = 0;
      return outcome;
    } catch (error) {
      this.#failures += 1;
      this.#options.onError(this.#options.name, error);
      return 'failed';
    }
  }

  #pauseMs(): number {
    const { everyMs, maxBackoffMs = DEFAULT_MAX_BACKOFF_MS } = this.#options;
    if (this.#failures === 0) return everyMs;
    const ceilingMs = Math.max(everyMs, maxBackoffMs);
    const fullMs = Math.min(ceilingMs, Math.max(everyMs, 50) * 2 ** Math.min(this.#failures, 20));
    return fullMs / 2 + (Math.random() * fullMs) / 2;
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
