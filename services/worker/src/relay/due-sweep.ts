/**
 * Finds the resources whose time to be looked at has come and pokes them: the guarantee below every hint.
 *
 * Losing the whole queue delays work by at most one sweep after a row's due time. A row stays due until somebody looked
 * at it, so it is poked again by each sweep; the queue merges what already waits.
 */
import type { Poke } from '@compute/queue';
import { PeriodicLoop } from '../clock/periodic-loop.ts';

const BATCH_SIZE = 1_000;

export interface DuePort {
  /** Due rows, the longest overdue first. */
  dueResources(limit: number): Promise<readonly Pick<Poke, 'kind' | 'uid'>[]>;
}

export interface DueSweepOptions {
  readonly store: DuePort;
  readonly send: (pokes: readonly Poke[]) => Promise<void>;
  readonly everyMs: number;
  readonly onSwept: (count: number) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createDueSweep({ store, send, everyMs, onSwept, onError }: DueSweepOptions): PeriodicLoop {
  const step = async (): Promise<'done'> => {
    const due = await store.dueResources(BATCH_SIZE);
    onSwept(due.length);
    await send(due.map(({ kind, uid }) => ({ kind, uid })));
    return 'done';
  };
  return new PeriodicLoop({ name: 'due sweep', everyMs, step, onError });
}
