/**
 * How fast this worker changes things in the cluster, and whose change is next: a bucket of so many changes a second,
 * shared among the projects in turns.
 *
 * A cluster that is asked for more than it can do answers everybody late. So a change waits here for its turn, a few of
 * each project at a time; more than that are sent back to their rows, which say that they wait and come again. Nothing
 * is lost by that: the row is the truth. When the cluster itself says "too many requests", everything waits as long as
 * it says.
 */
export interface PaceClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls back after the time. */
  after(ms: number, call: () => void): void;
}

const systemClock: PaceClock = {
  now: () => performance.now(),
  after: (ms, call) => void setTimeout(call, ms).unref(),
};

/** Changes of one project that may wait for their turn; each holds a place among the running looks. */
const WAITING_PER_PROJECT = 4;
const SHORTEST_ABSENCE_MS = 1_000;
const LONGEST_ABSENCE_MS = 30_000;
/** Those sent back are forgotten after this time: they have come again by then. */
const MEMORY_MS = 30_000;

export class ClusterPace {
  readonly #perSecond: number;
  readonly #clock: PaceClock;
  /** Those that wait, by project, in the order in which the projects take turns. */
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #sentBack = new Map<string, { count: number; sinceMs: number }>();
  #tokens: number;
  #filledAtMs: number;
  #heldUntilMs = 0;
  #isTimerSet = false;

  /** `perSecond` changes a second, as many at once after a rest. */
  constructor(perSecond: number, clock: PaceClock = systemClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = perSecond;
    this.#filledAtMs = clock.now();
  }

  /** How many changes wait for their turn now. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Resolves when the project's next change may be made. */
  turn(project: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(project) ?? [];
      this.#waiting.set(project, queue);
      queue.push(resolve);
      this.#serve();
    });
  }

  /** When to come again, in ms, if too many changes of the project wait already; undefined: there is room. */
  absenceOf(project: string): number | undefined {
    const isFull = (this.#waiting.get(project)?.length ?? 0) >= WAITING_PER_PROJECT;
    return isFull || this.#isHeld() ? this.sendBack(project) : undefined;
  }

  /** Counts one that is sent back and says when it shall come again: the later, the more there are. */
  sendBack(project: string): number {
    const nowMs = this.#clock.now();
    const before = this.#sentBack.get(project);
    const known = before && nowMs - before.sinceMs < MEMORY_MS ? before : { count: 0, sinceMs: nowMs };
    known.count += 1;
    this.#sentBack.set(project, known);
    const dueMs = Math.max(SHORTEST_ABSENCE_MS, (known.count / this.#perSecond) * 1_000);
    const jitteredMs = Math.min(dueMs, LONGEST_ABSENCE_MS) * (1 + Math.random() / 4);
    return Math.ceil(Math.max(jitteredMs, this.#heldUntilMs - nowMs));
  }

  /** The cluster asked to be left alone for so long. */
  hold(forMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#clock.now() + forMs);
  }

  #isHeld(): boolean {
    return this.#clock.now() < this.#heldUntilMs;
  }

  #serve(): void {
    this.#fill();
    while (this.#tokens >= 1 && !this.#isHeld()) {
      const next = this.#takeNext();
      if (next === undefined) return;
      this.#tokens -= 1;
      next();
    }
    this.#serveLater();
  }

  /** The first of the project whose turn it is; the project then goes behind all others. */
  #takeNext(): (() => void) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [project, queue] = first;
    const next = queue.shift();
    this.#waiting.delete(project);
    if (queue.length > 0) this.#waiting.set(project, queue);
    return next;
  }

  #serveLater(): void {
    if (this.#isTimerSet || this.#waiting.size === 0) return;
    this.#isTimerSet = true;
    const untilTokenMs = Math.max(0, ((1 - this.#tokens) / this.#perSecond) * 1_000);
    this.#clock.after(Math.max(untilTokenMs, this.#heldUntilMs - this.#clock.now(), 1), () => {
      this.#isTimerSet = false;
      this.#serve();
    });
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * this.#perSecond);
    this.#filledAtMs = nowMs;
  }
}
