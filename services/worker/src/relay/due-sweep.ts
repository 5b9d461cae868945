/**
 * Finds the resources whose time to be looked at has come and puts them into the outbox: the guarantee below every hint.
 *
 * Losing the whole queue delays work by at most one sweep after a row's due time. A row stays due until somebody looked
 * at it, so it is put there again by each sweep; the queue merges what already waits.
 */
import { PeriodicLoop } from '../clock/periodic-loop.ts';

const BATCH_SIZE = 5_000;

export interface DuePort {
  /** Puts due rows into the outbox, the longest overdue first; resolves to their number. */
  wakeDue(limit: number): Promise<number>;
}

export interface DueSweepOptions {
  readonly store: DuePort;
  readonly everyMs: number;
  /** Hears how many were put into the outbox. */
  readonly onSwept: (count: number) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createDueSweep({ store, everyMs, onSwept, onError }: DueSweepOptions): PeriodicLoop {
  const step = async (): Promise<'done'> => {
    onSwept(await store.wakeDue(BATCH_SIZE));
    return 'done';
  };
  return new PeriodicLoop({ name: 'due sweep', everyMs, step, onError });
}
