/**
 * Pokes every resource once when a worker starts, and again when Redis has forgotten what was handed to it: the rows are
 * the truth, so the queue can be made from them at any moment. Without it, what was deleted in the cluster while no worker
 * ran, and news that were lost with the queue, would wait for a row's next planned look.
 */
import type { MemoryState, Poke } from '@compute/queue';
import { PeriodicLoop } from '../clock/periodic-loop.ts';

const EVERY_MS = 1_000;
const PAGE_SIZE = 1_000;

export interface EveryResourcePort {
  everyResource(limit: number, after?: string): Promise<readonly Pick<Poke, 'kind' | 'uid'>[]>;
}

export interface QueueWatchOptions {
  readonly store: EveryResourcePort;
  readonly queue: {
    send(pokes: readonly Poke[]): Promise<void>;
    restoreIfLost(sendAll: () => Promise<void>): Promise<MemoryState>;
  };
  readonly onRestored: () => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createQueueWatch({ store, queue, onRestored, onError }: QueueWatchOptions): PeriodicLoop {
  let isFirst = true;
  const step = async (): Promise<'more' | 'done'> => {
    if (isFirst) await pokeAll(store, queue);
    isFirst = false;
    const state = await queue.restoreIfLost(() => pokeAll(store, queue));
    if (state === 'restored') onRestored();
    return state === 'lost-again' ? 'more' : 'done';
  };
  return new PeriodicLoop({ name: 'queue watch', everyMs: EVERY_MS, step, onError });
}

async function pokeAll(store: EveryResourcePort, queue: Pick<QueueWatchOptions['queue'], 'send'>): Promise<void> {
  let after: string | undefined;
  do {
    const page = await store.everyResource(PAGE_SIZE, after);
    await queue.send(page.map(({ kind, uid }) => ({ kind, uid })));
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.uid;
  } while (after !== undefined);
}
