/**
 * Puts every resource into the outbox once when a worker starts, and again when Redis has forgotten what was handed to it:
 * the rows are the truth, so the queue can be made from them at any moment. Without it, what was deleted in the cluster
 * while no worker ran, and news that were lost with the queue, would wait for a row's next planned look.
 */
import type { MemoryState } from '@compute/queue';
import { PeriodicLoop } from '../clock/periodic-loop.ts';

const EVERY_MS = 1_000;

export interface QueueWatchOptions {
  readonly store: { wakeAll(): Promise<number> };
  readonly queue: { restoreIfLost(sendAll: () => Promise<void>): Promise<MemoryState> };
  /** Hears of everything having been put into the outbox; `isLost`: since Redis had forgotten it. */
  readonly onWoken: (count: number, isLost: boolean) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createQueueWatch({ store, queue, onWoken, onError }: QueueWatchOptions): PeriodicLoop {
  let isFirst = true;
  const wakeAll = async (isLost: boolean): Promise<void> => onWoken(await store.wakeAll(), isLost);
  const step = async (): Promise<'more' | 'done'> => {
    if (isFirst) await wakeAll(false);
    isFirst = false;
    const state = await queue.restoreIfLost(() => wakeAll(true));
    return state === 'lost-again' ? 'more' : 'done';
  };
  return new PeriodicLoop({ name: 'queue watch', everyMs: EVERY_MS, step, onError });
}
