/**
 * Hands outbox rows to the queue: claim, send, delete, in one transaction of the store.
 *
 * The queue is first come, first served, so it is kept short: only what workers can start soon is handed over, and the
 * rest waits in the outbox, where the store takes turns among the projects. One tenant's flood thereby stands behind
 * itself. Any number of workers may relay at once, since claimed rows are locked and skipped by the others. A crash
 * between sending and deleting sends again, which the queue merges. The rows' own due times are the net below this one.
 */
import type { Poke } from '@compute/queue';
import { PeriodicLoop } from '../clock/periodic-loop.ts';
import { between, type FaultPoints } from '../fault-points.ts';

/** Each run of the loop takes one batch, as long as there is something to take. */
const BATCH_SIZE = 200;
/** The slow poll below the database's notifications. */
const POLL_MS = 500;

export interface OutboxEntry extends Poke {
  readonly createdAt?: Date;
}

export interface OutboxPort {
  /** Claims up to `limit` rows, passes them to `send`, deletes them when it resolves; resolves to their number. */
  claimOutbox(limit: number, send: (entries: readonly OutboxEntry[]) => Promise<void>): Promise<number>;
}

export interface OutboxRelayOptions {
  readonly store: OutboxPort;
  readonly queue: {
    send(pokes: readonly Poke[]): Promise<void>;
    /** How many pokes wait to be started. */
    waiting(): Promise<number>;
  };
  /** How many pokes may wait in the queue. */
  readonly ahead: number;
  readonly points: FaultPoints;
  readonly onRelayed: (count: number, oldest: Date | undefined) => void;
  readonly onError: (name: string, error: unknown) => void;
}

/** A loop that is woken by the store's notification and by looks that begin, and polls besides. */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #loop: PeriodicLoop;
  #isHeldBack = false;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    const { onError } = options;
    this.#loop = new PeriodicLoop({ name: 'outbox relay', everyMs: POLL_MS, step: () => this.#step(), onError });
  }

  start(): this {
    this.#loop.start();
    return this;
  }

  /** There may be something in the outbox. */
  wake(): void {
    this.#loop.wake();
  }

  /** A look has begun, so there is room in the queue. */
  lookBegun(): void {
    if (this.#isHeldBack) this.#loop.wake();
  }

  /** Resolves when the batch that runs has ended. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #step(): Promise<'more' | 'done'> {
    const { store, queue, ahead } = this.#options;
    const room = ahead - (await queue.waiting());
    this.#isHeldBack = room <= 0;
    if (this.#isHeldBack) return 'done';
    const count = await store.claimOutbox(Math.min(BATCH_SIZE, room), (entries) => this.#handOver(entries));
    return count > 0 ? 'more' : 'done';
  }

  async #handOver(entries: readonly OutboxEntry[]): Promise<void> {
    const { queue, points, onRelayed } = this.#options;
    await between(points, 'relay:send', () => queue.send(entries.map(pokeOf)));
    onRelayed(entries.length, entries[0]?.createdAt);
  }
}

function pokeOf({ kind, uid, traceparent }: OutboxEntry): Poke {
  return traceparent === undefined ? { kind, uid } : { kind, uid, traceparent };
}
