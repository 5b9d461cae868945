import type { Fault } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteFully, newDisk, newVm, openTestStore, PROJECT, type TestStore } from '../fixtures/open-test-store.ts';
import { claimDifference, claimOfBoth, claimWithin, defaultLimit } from './claim-keys.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ quotaDefaults: { 'series:*/instances': 3, 'external/ips': 1 } });
});
afterAll(() => it.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (fault: Fault) => fault.code,
  );
const counter = async (scope: string, metric: string) =>
  (await it.store.quota.counters(PROJECT)).find((one) => one.scope === scope && one.metric === metric);

test('a limit by its own key goes before its family, and what nobody names is unlimited', () => {
  const defaults = { 'series:*/instances': 5, 'series:M/instances': 2, 'series:S/instances': null };
  expect(defaultLimit(defaults, 'series:U/instances')).toBe(5);
  expect(defaultLimit(defaults, 'series:M/instances')).toBe(2);
  expect(defaultLimit(defaults, 'series:S/instances')).toBeNull();
  expect(defaultLimit(defaults, 'series:U/vcpus')).toBeNull();
});

test('claims differ, join and meet key by key', () => {
  const small = { 'series:U/vcpus': 2, 'external/ips': 1 } as const;
  const large = { 'series:U/vcpus': 8, 'series:U/instances': 1 } as const;
  expect(claimDifference(small, large)).toEqual([
    ['series:U/vcpus', 6],
    ['external/ips', -1],
    ['series:U/instances', 1],
  ]);
  expect(claimOfBoth(small, large)).toEqual({ 'series:U/vcpus': 8, 'external/ips': 1, 'series:U/instances': 1 });
  expect(claimWithin(small, large)).toEqual({ 'series:U/vcpus': 2 });
});

test('what has no counter yet is shown with its default', async () => {
  expect(await it.store.quota.counters(PROJECT, ['series:S/instances'])).toEqual([
    { scope: 'external', metric: 'ips', limit: 1, used: 0 },
    { scope: 'series:S', metric: 'instances', limit: 3, used: 0 },
  ]);
});

test('a limit below use lets live what lives, stops growth, and does not grow back', async () => {
  for (const name of ['a', 'b', 'c']) await it.store.create(newVm(name));
  await it.store.quota.setLimits(PROJECT, { 'series:U/instances': 1 });
  expect(await counter('series:U', 'instances')).toMatchObject({ limit: 1, used: 3 });
  expect(await codeOf(it.store.create(newVm('d')))).toBe('QuotaExceeded');
  await deleteFully(it.store, 'VMInstance', 'a');
  await deleteFully(it.store, 'VMInstance', 'b');
  expect(await codeOf(it.store.create(newVm('d')))).toBe('QuotaExceeded');
  await deleteFully(it.store, 'VMInstance', 'c');
  expect(await codeOf(it.store.create(newVm('d')))).toBe('accepted');
});

test('what a new set of limits leaves out returns to its default, null is unlimited', async () => {
  await it.store.quota.setLimits(PROJECT, { 'series:U/instances': null, 'series:U/vcpus': 100 });
  expect(await counter('series:U', 'instances')).toMatchObject({ limit: null });
  await it.store.quota.setLimits(PROJECT, {});
  expect(await counter('series:U', 'instances')).toMatchObject({ limit: 3 });
  expect(await counter('series:U', 'vcpus')).toMatchObject({ limit: null });
});

test('a limit that is no limit is refused', async () => {
  expect(await codeOf(it.store.quota.setLimits(PROJECT, { 'series:U/instances': -1 }))).toBe('InvalidArgument');
  expect(await codeOf(it.store.quota.setLimits(PROJECT, { 'series:U/instances': 1.5 }))).toBe('InvalidArgument');
  expect(await codeOf(it.store.quota.setLimits(PROJECT, { nonsense: 1 }))).toBe('InvalidArgument');
  expect(await codeOf(it.store.quota.setLimits('nowhere', {}))).toBe('NotFound');
});

test('a recount finds a counter that drifted and repairs it, also below zero room', async () => {
  await it.store.create(newDisk('counted', { storage: '20Gi' }));
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
  await it.sql(`update quota set used = used + 7 where metric = 'storageMib'`);
  await it.sql(`delete from quota where metric = 'disks'`);
  const drift = await it.store.quota.recount({ repair: true });
  expect(drift.map(({ metric, counted, stored }) => ({ metric, counted, stored }))).toEqual([
    { metric: 'disks', counted: 1, stored: 0 },
    { metric: 'storageMib', counted: 20_480, stored: 20_487 },
  ]);
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});

test('creates and deletes of many writers leave the counters equal to the rows', async () => {
  await it.store.quota.setLimits(PROJECT, { 'series:U/instances': 8 });
  const other = await it.another();
  const cycle = async (id: number): Promise<void> => {
    const store = id % 2 ? it.store : other;
    for (let round = 0; round < 4; round += 1) {
      const name = `churn-${id}-${round}`;
      const made = await codeOf(store.create(newVm(name)));
      if (made === 'accepted') await deleteFully(store, 'VMInstance', name);
      else expect(made).toBe('QuotaExceeded');
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, id) => cycle(id)));
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});
