/**
 * How long the event loop was kept from its other work at most: by the clock, and in CPU time of its own thread. The two
 * are the same on a machine with nothing else to do; where other processes have the processor meanwhile, only the second
 * tells what is ours.
 */
const LOOK_EVERY_MS = 5;

export class LoopPauses {
  readonly #timer: NodeJS.Timeout;
  #lookedAt = performance.now();
  #worked = workedMs();
  #longest = { waitedMs: 0, workedMs: 0 };

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Ends the watch. */
  stop(): { readonly waitedMs: number; readonly workedMs: number } {
    clearInterval(this.#timer);
    return this.#longest;
  }

  #look(): void {
    const [lookedAt, worked] = [performance.now(), workedMs()];
    this.#longest = {
      waitedMs: Math.max(this.#longest.waitedMs, lookedAt - this.#lookedAt - LOOK_EVERY_MS),
      workedMs: Math.max(this.#longest.workedMs, worked - this.#worked),
    };
    this.#lookedAt = lookedAt;
    this.#worked = worked;
  }
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
