import type { MemoryState, Poke } from '@compute/queue';
import { expect, test, vi } from 'vitest';
import { createQueueWatch } from './queue-watch.ts';

/** A store of so many disks, and a queue that forgot what the states say. */
function setUp(count: number, states: MemoryState[]) {
  const uids = Array.from({ length: count }, (_, index) => `uid-${String(index).padStart(6, '0')}`);
  const sent: string[] = [];
  const restored: true[] = [];
  const watch = createQueueWatch({
    store: {
      everyResource: async (limit, after = '') =>
        uids
          .filter((uid) => uid > after)
          .slice(0, limit)
          .map((uid) => ({ kind: 'VMDisk', uid })),
    },
    queue: {
      send: async (pokes: readonly Poke[]) => void sent.push(...pokes.map(({ uid }) => uid)),
      restoreIfLost: async (sendAll) => {
        const state = states.shift() ?? 'kept';
        if (state === 'restored' || state === 'lost-again') await sendAll();
        return state;
      },
    },
    onRestored: () => void restored.push(true),
    onError: () => undefined,
  });
  return { uids, sent, restored, watch };
}

test('a worker that starts pokes every resource, page by page', async () => {
  const { uids, sent, watch } = setUp(2_500, ['kept']);
  watch.start();
  await vi.waitFor(() => expect(sent).toEqual(uids));
  await watch.stop();
});

test('what Redis forgets while everything is poked again is poked once more', async () => {
  const { sent, restored, watch } = setUp(3, ['lost-again', 'restored']);
  watch.start();
  await vi.waitFor(() => expect(restored).toHaveLength(1));
  expect(sent).toHaveLength(9);
  await watch.stop();
});
