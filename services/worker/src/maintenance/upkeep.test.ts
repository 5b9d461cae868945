import type { QuotaDrift } from '@compute/domain';
import { expect, test } from 'vitest';
import { createUpkeep, type UpkeepPort } from './upkeep.ts';

const drift: QuotaDrift = { project: 'a', scope: 'series:U', metric: 'vcpus', counted: 2, stored: 3 };

/** Runs one round of upkeep; resolves to what it asked of the store and what it raised an alarm for. */
async function oneRound(drifts: QuotaDrift[]) {
  const asked: string[] = [];
  const alarms: QuotaDrift[] = [];
  const done = Promise.withResolvers<void>();
  const store: UpkeepPort = {
    withLeadership: (_name, lead, signal) => lead(signal),
    ensurePartitions: async () => asked.push('partitions'),
    quota: {
      recount: async ({ repair }) => {
        asked.push(repair ? 'recount and repair' : 'recount');
        return drifts;
      },
      forgetHistory: async () => asked.push('limits of old'),
    },
    dropPartitions: async ({ changes, history, states }) =>
      asked.push(changes > states && states > history ? 'retention' : 'wrong retention'),
    webhooks: { forget: async () => asked.push('deliveries') },
    forgetIdempotency: async (olderThan) => {
      const hours = (Date.now() - olderThan.getTime()) / 3_600_000;
      asked.push(hours >= 24 ? 'expiry' : 'early expiry');
      done.resolve();
      return 0;
    },
  };
  const task = createUpkeep({
    store,
    changeRetentionDays: 7,
    historyRetentionDays: 400,
    stateRetentionDays: 90,
    onDrift: (found) => void alarms.push(...found),
    onError: (_name, error) => done.reject(error),
  }).start();
  await done.promise;
  await task.stop();
  return { asked, alarms };
}

test('a round makes partitions, recounts quota, and lets go of what is old', async () => {
  const { asked, alarms } = await oneRound([]);
  expect(asked).toEqual(['partitions', 'recount and repair', 'retention', 'limits of old', 'deliveries', 'expiry']);
  expect(alarms).toEqual([]);
});

test('a counter that differs from the rows raises an alarm', async () => {
  expect((await oneRound([drift])).alarms).toEqual([drift]);
});
