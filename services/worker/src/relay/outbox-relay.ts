/**
 * Hands outbox rows to the queue: claim, send, delete, in one transaction of the store.
 *
 * Any number of workers may relay at once, since claimed rows are locked and skipped by the others. A crash between
 * sending and deleting sends again, which the queue merges. The rows' own due times are the net below this one.
 */
import type { Poke } from '@compute/queue';
import { PeriodicLoop } from '../clock/periodic-loop.ts';
import { between, type FaultPoints } from '../fault-points.ts';

/** Each run of the loop takes one batch; a full one is followed by the next at once. */
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
  readonly send: (pokes: readonly Poke[]) => Promise<void>;
  readonly points: FaultPoints;
  readonly onRelayed: (count: number, oldest: Date | undefined) => void;
  readonly onError: (name: string, error: unknown) => void;
}

/** A loop that is woken by the store's notification and polls besides. */
export function createOutboxRelay(options: OutboxRelayOptions): PeriodicLoop {
  const { store, send, points, onRelayed, onError } = options;
  const handOver = async (entries: readonly OutboxEntry[]): Promise<void> => {
    await between(points, 'relay:send', () => send(entries.map(pokeOf)));
    onRelayed(entries.length, entries[0]?.createdAt);
  };
  const step = async (): Promise<'more' | 'done'> => {
    const count = await store.claimOutbox(BATCH_SIZE, handOver);
    return count >= BATCH_SIZE ? 'more' : 'done';
  };
  return new PeriodicLoop({ name: 'outbox relay', everyMs: POLL_MS, step, onError });
}

function pokeOf({ kind, uid, traceparent }: OutboxEntry): Poke {
  return traceparent === undefined ? { kind, uid } : { kind, uid, traceparent };
}
