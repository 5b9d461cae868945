import type { QuotaHistoryEntry } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteFully, newVm, openTestStore, PROJECT, type TestStore, USER } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ quotaDefaults: { 'series:*/instances': 5 } });
});
afterAll(() => it.close());

const by = { actor: { type: 'user', id: 'admin' }, requestId: 'request-9' } as const;
const brief = ({ type, threshold, limitBefore, limit, used, actor, overridden }: QuotaHistoryEntry) => ({
  ...{ type, limit, used, actor, overridden },
  ...(threshold === undefined ? {} : { threshold }),
  ...(limitBefore === undefined ? {} : { limitBefore }),
});
const history = async (project: string) =>
  (await it.store.quota.history({ project, metric: 'instances', limit: 100 })).items.toReversed().map(brief);
const inProject = (project: string) => (name: string) => it.store.create(newVm(name, {}, { project }));

test('a threshold is told once for each crossing upward, and again after use fell below it', async () => {
  await it.store.createProject('steps');
  const create = inProject('steps');
  for (const name of ['a', 'b', 'c']) await create(name);
  expect(await history('steps')).toEqual([]);
  await create('d');
  await create('e');
  await deleteFully(it.store, 'VMInstance', 'e', 'steps');
  await create('f');
  await deleteFully(it.store, 'VMInstance', 'f', 'steps');
  await deleteFully(it.store, 'VMInstance', 'd', 'steps');
  await create('g');
  const line = (threshold: number, used: number) => ({
    ...{ type: 'ThresholdReached', threshold, limit: 5, used, overridden: false, actor: `user:${USER.id}` },
  });
  expect(await history('steps')).toEqual([line(80, 4), line(100, 5), line(100, 5), line(80, 4)]);
});

test('many creates at once tell of each threshold once, also when none found the counter there', async () => {
  await it.store.createProject('rush');
  const other = await it.another();
  const stores = [it.store, other];
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) =>
      stores[index % 2]?.create(newVm(`rush-${index}`, {}, { project: 'rush' })),
    ),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  const told = (await history('rush')).map(({ threshold }) => threshold);
  expect(told.filter((threshold) => threshold === 100)).toHaveLength(1);
  expect(told.filter((threshold) => threshold === 80).length).toBeLessThanOrEqual(1);
});

test('history says who changed which limit from what to what, and what that reached', async () => {
  await it.store.createProject('limits');
  for (const name of ['a', 'b']) await inProject('limits')(name);
  await it.store.quota.setLimits('limits', { 'series:U/instances': 2 }, { by });
  await it.store.quota.setLimits('limits', { 'series:U/instances': null }, { by });
  await it.store.quota.setLimits('limits', {}, { by });
  const changed = { type: 'LimitChanged', used: 2, actor: 'user:admin' };
  expect(await history('limits')).toEqual([
    { ...changed, limitBefore: 5, limit: 2, overridden: true },
    { type: 'ThresholdReached', threshold: 100, limit: 2, used: 2, actor: 'user:admin', overridden: true },
    { ...changed, limitBefore: 2, limit: null, overridden: true },
    { ...changed, limitBefore: null, limit: 5, overridden: false },
  ]);
});

test('a rehearsal and a setting of what is set already leave no line', async () => {
  await it.store.createProject('quiet');
  await it.store.quota.setLimits('quiet', { 'series:S/instances': 3 }, { by });
  await it.store.quota.setLimits('quiet', { 'series:S/instances': 3 }, { by });
  await it.store.quota.setLimits('quiet', { 'series:S/instances': 9 }, { by, dryRun: true });
  expect(await history('quiet')).toHaveLength(1);
});

test('history is paged, filtered and in the order of the change feed', async () => {
  const page = await it.store.quota.history({ project: 'limits', limit: 2 });
  const rest = await it.store.quota.history({ project: 'limits', limit: 2, after: page.next ?? '' });
  expect([...page.items, ...rest.items]).toHaveLength(4);
  const seqs = [...page.items, ...rest.items].map(({ seq }) => Number(seq));
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a));
  const reached = await it.store.quota.history({ project: 'limits', type: 'ThresholdReached', limit: 9 });
  expect(reached.items.map(({ threshold }) => threshold)).toEqual([100]);
  await expect(it.store.quota.history({ project: 'limits', limit: 2, after: 'x' })).rejects.toThrow('not one of ours');
});

test('limits that nobody set follow new defaults, those that somebody set stay', async () => {
  await it.store.createProject('follower');
  await inProject('follower')('a');
  await it.store.quota.setLimits('limits', { 'series:U/instances': 4 }, { by });
  const later = await it.another({ quotaDefaults: { 'series:*/instances': 1, 'series:*/vcpus': 64 } });
  expect(await later.quota.followDefaults()).toBeGreaterThan(0);
  expect(await later.quota.followDefaults()).toBe(0);
  const limits = async (project: string) =>
    Object.fromEntries((await later.quota.counters(project)).map((one) => [`${one.scope}/${one.metric}`, one.limit]));
  expect(await limits('follower')).toMatchObject({ 'series:U/instances': 1, 'series:U/vcpus': 64 });
  expect(await limits('limits')).toMatchObject({ 'series:U/instances': 4 });
  expect((await history('follower')).map(({ type, actor }) => `${type} ${actor}`)).toEqual([
    'LimitChanged system:configuration',
    'ThresholdReached system:configuration',
  ]);
  await it.store.quota.followDefaults();
});

test('a counter that was lost comes back with its use and with the limit that somebody had set', async () => {
  await it.store.createProject('lost');
  await inProject('lost')('a');
  await it.store.quota.setLimits('lost', { 'series:U/instances': 3 }, { by });
  await it.sql(`delete from quota where project = 'lost' and scope = 'series:U' and metric = 'instances'`);
  const drift = await it.store.quota.recount({ repair: true });
  expect(drift).toEqual([
    expect.objectContaining({ project: 'lost', scope: 'series:U', metric: 'instances', counted: 1 }),
  ]);
  const counters = await it.store.quota.counters('lost');
  expect(counters).toContainEqual({ scope: 'series:U', metric: 'instances', limit: 3, used: 1 });
  for (const name of ['b', 'c']) await inProject('lost')(name);
  await expect(inProject('lost')('d')).rejects.toMatchObject({ code: 'QuotaExceeded' });
});

test('old lines are forgotten, younger ones stay', async () => {
  await it.sql(`update quota_history set at = now() - interval '400 days' where project = 'quiet'`);
  expect(await it.store.quota.forgetHistory(new Date(Date.now() - 365 * 86_400_000))).toBe(1);
  expect(await history(PROJECT)).toEqual([]);
  expect((await history('limits')).length).toBeGreaterThan(0);
});
