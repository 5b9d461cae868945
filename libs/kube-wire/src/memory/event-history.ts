/**
 * The last events of one resource, so that a watch can begin in the past. What fell out of the history cannot be
 * replayed: watching from before it is answered with 410 Expired and the client lists anew.
 */
import type { WatchEvent } from '../protocol/backend.ts';
import { expired } from '../protocol/status-error.ts';

interface Recorded {
  revision: number;
  event: WatchEvent;
}

export class EventHistory {
  readonly #limit: number;
  #events: Recorded[] = [];
  /** Events up to and including this revision cannot be replayed. */
  #floor: number;

  /** `floor`: the revision at which this history begins. */
  constructor(limit: number, floor: number) {
    this.#limit = limit;
    this.#floor = floor;
  }

  record(revision: number, event: WatchEvent): void {
    this.#events.push({ revision, event });
    // Dropping in batches keeps recording cheap; the history holds between `limit` and twice that.
    if (this.#events.length >= this.#limit * 2) this.#drop(this.#events.length - this.#limit);
  }

  #drop(count: number): void {
    const dropped = this.#events.splice(0, count);
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
  }

  /** Forgets everything up to `revision`, so that watches from before it get 410. */
  expire(revision: number): void {
    this.#events = this.#events.filter((recorded) => recorded.revision > revision);
    this.#floor = Math.max(this.#floor, revision);
  }

  /** The events after a revision. Throws 410 when they are not complete. */
  since(revision: number): WatchEvent[] {
    if (revision < this.#floor) throw expired(`too old resource version: ${revision} (${this.#floor})`);
    return this.#events.filter((recorded) => recorded.revision > revision).map(({ event }) => event);
  }
}
