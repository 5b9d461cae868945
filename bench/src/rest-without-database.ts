/** A process with the product's REST face over a store that accepts every creation at once and keeps nothing. */
import { randomUUID } from 'node:crypto';
import { openRestOver } from '@compute/api/testing';
import type { CreateCommand, Store } from '@compute/store';

const store: Pick<Store, 'authenticate' | 'create'> = {
  authenticate: async () => ({ id: 'bench', name: 'bench', scopes: ['write'], createdAt: new Date() }),
  create: (async (command: CreateCommand) => ({
    outcome: 'created',
    resource: {
      ...{ ...command, uid: randomUUID(), labels: {}, annotations: {}, generation: 1, specVersion: 1 },
      ...{ statusVersion: 1, resourceVersion: '1', createdAt: new Date(), phaseSince: new Date() },
    },
    operationId: randomUUID(),
    replayed: false,
  })) as Store['create'],
};

const { url } = await openRestOver(store as Store);
process.send?.(url);
process.on('disconnect', () => process.exit());
