import type { Poke } from '@compute/queue';
import { expect, test, vi } from 'vitest';
import { noFaultPoints } from '../fault-points.ts';
import { OutboxRelay } from './outbox-relay.ts';

/** An outbox with so many rows and a queue with room for `ahead`, out of which a test takes. */
function setUp(rows: number, ahead: number) {
  const outbox = Array.from({ length: rows }, (_, index): Poke => ({ kind: 'VMDisk', uid: `uid-${index}` }));
  const queue: Poke[] = [];
  const relay = new OutboxRelay({
    store: {
      claimOutbox: async (limit, send) => {
        const claimed = outbox.splice(0, limit);
        await send(claimed);
        return claimed.length;
      },
    },
    queue: {
      send: async (pokes) => void queue.push(...pokes),
      waiting: async () => queue.length,
    },
    ahead,
    points: noFaultPoints,
    onRelayed: () => undefined,
    onError: (_name, error) => {
      throw error;
    },
  });
  return { outbox, queue, relay };
}

test('no more is handed over than may wait, and the next as soon as a look begins', async () => {
  const { outbox, queue, relay } = setUp(5, 2);
  relay.start();
  await vi.waitFor(() => expect(outbox).toHaveLength(3));
  expect(queue).toHaveLength(2);
  queue.shift();
  relay.lookBegun();
  // Sooner than the slow poll would notice.
  await vi.waitFor(() => expect(outbox).toHaveLength(2), { timeout: 300, interval: 5 });
  expect(queue.map(({ uid }) => uid)).toEqual(['uid-1', 'uid-2']);
  await relay.stop();
});

test('all of it is handed over at once while there is room', async () => {
  const { outbox, queue, relay } = setUp(450, 1_000);
  relay.start();
  await vi.waitFor(() => expect(outbox).toHaveLength(0));
  expect(queue).toHaveLength(450);
  await relay.stop();
});
