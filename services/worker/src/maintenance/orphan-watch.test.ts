import type { OwnedObject } from '@compute/cluster';
import { createLogger } from '@compute/runtime';
import { expect, test, vi } from 'vitest';
import { createOrphanWatch } from './orphan-watch.ts';

const object = (name: string, uid: string): OwnedObject => ({
  ...{ kind: 'VirtualMachine', namespace: 'demo', name },
  row: { kind: 'VMInstance', uid },
});

test('what belongs to no row is told when it was found twice, and no longer when it has gone', async () => {
  const rounds = [
    [object('kept', 'known'), object('lost', 'gone'), object('late', 'just-removed')],
    [object('kept', 'known'), object('lost', 'gone')],
    [object('kept', 'known')],
  ];
  const found: Record<string, number>[] = [];
  const watch = createOrphanWatch({
    store: {
      uidsWithoutRow: async (uids) => uids.filter((uid) => uid !== 'known'),
      withLeadership: async (_name, lead, signal) => lead(signal),
    },
    cluster: { synced: async () => undefined, ownedObjects: () => rounds.shift() ?? [] },
    logger: createLogger({ service: 'worker', level: 'silent' }),
    onFound: (counts) => void found.push(Object.fromEntries(counts)),
    onError: (_name, error) => {
      throw error;
    },
    everyMs: 5,
  }).start();
  await vi.waitFor(() => expect(found.length).toBeGreaterThanOrEqual(3));
  await watch.stop();
  expect(found.slice(0, 3)).toEqual([{}, { VirtualMachine: 1 }, {}]);
});
