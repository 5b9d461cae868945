import type { MemoryState } from '@compute/queue';
import { expect, test, vi } from 'vitest';
import { createQueueWatch } from './queue-watch.ts';

/** A queue that forgot what the states say; what was heard of each time that everything was woken. */
function setUp(states: MemoryState[]) {
  const heard: boolean[] = [];
  const watch = createQueueWatch({
    store: { wakeAll: async () => 3 },
    queue: {
      restoreIfLost: async (sendAll) => {
        const state = states.shift() ?? 'kept';
        if (state === 'restored' || state === 'lost-again') await sendAll();
        return state;
      },
    },
    onWoken: (_count, isLost) => void heard.push(isLost),
    onError: () => undefined,
  });
  return { heard, watch };
}

test('a worker that starts wakes every resource once', async () => {
  const { heard, watch } = setUp(['kept', 'kept']);
  watch.start();
  await vi.waitFor(() => expect(heard).toEqual([false]));
  watch.wake();
  await watch.stop();
  expect(heard).toEqual([false]);
});

test('what Redis forgets while everything is woken is woken once more', async () => {
  const { heard, watch } = setUp(['lost-again', 'restored']);
  watch.start();
  await vi.waitFor(() => expect(heard).toEqual([false, true, true]));
  await watch.stop();
});
