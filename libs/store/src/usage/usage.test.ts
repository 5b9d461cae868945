import { builtinCatalogue, chargeVm, claimOfVm, type VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenDisk,
  seenVm,
  type TestStore,
  USER,
  vmSpec,
} from '../fixtures/open-test-store.ts';
import { usageEventId } from './intervals.ts';

const MINUTE_MS = 60_000;

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ usagePeriod: 'minute' });
});
afterAll(() => it.close());

interface EventRow {
  readonly id: string;
  readonly meter: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly duration_ms: string;
  readonly dimensions: Record<string, unknown>;
}

const eventsOf = (uid: string, meter: string) =>
  it.sql<EventRow>('select * from usage_event where uid = $1 and meter = $2 order by from_at', [uid, meter]);
const openOf = (uid: string) =>
  it.sql<{ meter: string; opened_at: Date }>('select meter, opened_at from usage_open where uid = $1', [uid]);

/** As if the resource had been running for that long: the only way to have a past in a test. */
async function ranFor(resource: VmInstance, ms: number): Promise<Date> {
  const rows = await it.sql<{ opened_at: Date }>(
    `update usage_open set opened_at = opened_at - make_interval(secs => $2::float8 / 1000) where uid = $1 returning opened_at`,
    [resource.uid, ms],
  );
  return rows[0]?.opened_at ?? expect.unreachable('nothing runs');
}

/** No gap, no overlap, no interval across a boundary, ids and quantities as they must be. */
function expectTiles(uid: string, events: readonly EventRow[], from: Date, to: Date): void {
  expect(events[0]?.from_at).toEqual(from);
  expect(events.at(-1)?.to_at).toEqual(to);
  for (const [index, event] of events.entries()) {
    const next = events[index + 1];
    if (next) expect(next.from_at).toEqual(event.to_at);
    const [first, last] = [event.from_at.getTime(), event.to_at.getTime() - 1];
    expect(Math.floor(first / MINUTE_MS)).toBe(Math.floor(last / MINUTE_MS));
    expect(Number(event.duration_ms)).toBe(last - first + 1);
    expect(event.id).toBe(usageEventId(uid, event.meter, event.from_at));
  }
}

test('intervals tile exactly over phase changes and period boundaries', async () => {
  const { resource } = await it.store.create(newVm('tiled'));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  const began = await ranFor(running, 3.5 * MINUTE_MS);
  expect((await it.store.usage.closePeriods()).cut).toBeGreaterThanOrEqual(6);
  expect((await it.store.usage.closePeriods()).cut).toBe(0);
  const { resource: paused } = await it.store.observe(seenVm(running, 'Paused'));
  const { resource: stopped } = await it.store.observe(seenVm(paused, 'Stopped'));
  const { resource: again } = await it.store.observe(seenVm(stopped, 'Running'));
  await deleteFully(it.store, 'VMInstance', 'tiled');
  const { items } = await it.store.history({ project: PROJECT, uid: resource.uid, limit: 100 });
  const deletedAt = items.find(({ to }) => to === 'Deleting')?.at ?? new Date(0);
  expectTiles(resource.uid, await eventsOf(resource.uid, 'vm.allocated'), began, deletedAt);
  const ran = await eventsOf(resource.uid, 'vm.running');
  const pause = ran.findIndex((event, index) => ran[index + 1] && event.to_at < (ran[index + 1]?.from_at ?? 0));
  const end = pause < 0 ? ran : ran.slice(0, pause + 1);
  expectTiles(resource.uid, end, began, pause < 0 ? deletedAt : stopped.phaseSince);
  expect(again.phaseSince.getTime()).toBeGreaterThanOrEqual(stopped.phaseSince.getTime());
  expect(await openOf(resource.uid)).toEqual([]);
});

test('a machine that was billed for a period is not unbilled by late news: history says the same as the bill', async () => {
  const { resource } = await it.store.create(newVm('late-news'));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  await ranFor(running, 2 * MINUTE_MS);
  await it.store.usage.closePeriods();
  const [open] = await openOf(resource.uid);
  const happenedAt = new Date((open?.opened_at.getTime() ?? 0) - 1_000);
  await it.sql(`update resource set transition_at = transition_at - interval '1 hour' where uid = $1`, [resource.uid]);
  const { resource: stopped } = await it.store.observe(seenVm(running, 'Stopped', { happenedAt }));
  expect(stopped.phaseSince).toEqual(open?.opened_at);
  const events = await eventsOf(resource.uid, 'vm.running');
  expect(events.at(-1)?.to_at).toEqual(stopped.phaseSince);
});

test('a new size closes the old interval and opens one with the new dimensions', async () => {
  const { resource } = await it.store.create(newVm('resized'));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  await ranFor(running, 1_000);
  const spec = vmSpec({ instanceType: 'u1.xlarge' });
  const instanceType = chargeVm(spec, builtinCatalogue);
  const target = { uid: resource.uid, project: resource.project };
  const change = { spec, claim: claimOfVm(spec, instanceType), chargedStatus: { instanceType } };
  await it.store.want({ actor: USER, requestId: 'r', target, ...change });
  const events = await eventsOf(resource.uid, 'vm.allocated');
  expect(events.at(-1)?.dimensions).toMatchObject({ instanceType: 'u1.medium' });
  const open = await it.sql<EventRow>('select * from usage_open where uid = $1', [resource.uid]);
  expect(open.map(({ meter, dimensions }) => [meter, dimensions.instanceType]).sort()).toEqual([
    ['vm.allocated', 'u1.xlarge'],
    ['vm.running', 'u1.xlarge'],
  ]);
});

test('positions are gap-free in whatever order events were written, and a reader misses and doubles nothing', async () => {
  const other = await it.another();
  const names = Array.from({ length: 30 }, (_, index) => `metered-${index}`);
  let writing = true;
  const publishing = (async () => {
    while (writing) await Promise.all([it.store.usage.publish(), other.usage.publish()]);
  })();
  await Promise.all(
    names.map(async (name, index) => {
      const store = index % 2 ? it.store : other;
      const { resource } = await store.create(newDisk(name));
      const { resource: ready } = await store.observe(seenDisk(resource, 'Ready'));
      await it.sql(`update usage_open set opened_at = opened_at - interval '5 seconds' where uid = $1`, [ready.uid]);
      await deleteFully(store, 'VMDisk', name);
    }),
  );
  writing = false;
  await publishing;
  await it.store.usage.publish();
  const positions: number[] = [];
  const ids = new Set<string>();
  for (let after = '0'; ; ) {
    const page = await it.store.usage.events({ after, limit: 7 });
    for (const event of page.events) ids.add(event.id);
    positions.push(...page.events.map(({ position }) => Number(position)));
    if (page.events.length === 0) break;
    after = page.nextCursor;
  }
  expect(positions).toEqual(Array.from({ length: positions.length }, (_, index) => index + 1));
  const [total] = await it.sql<{ count: number }>('select count(*)::int as count from usage_event');
  expect(ids.size).toBe(total?.count);
});

test('the feed can be read for one project and one meter, and an empty page moves the cursor on', async () => {
  await it.store.usage.publish();
  const disks = await it.store.usage.events({ limit: 1_000, project: PROJECT, meter: 'disk.allocated' });
  expect(new Set(disks.events.map(({ meter }) => meter))).toEqual(new Set(['disk.allocated']));
  const nobody = await it.store.usage.events({ limit: 10, project: 'nobody' });
  expect(nobody.events).toEqual([]);
  const [last] = await it.sql<{ last: string }>('select max(position)::text as last from usage_event');
  expect(nobody.nextCursor).toBe(last?.last);
});

test('a summary counts what runs until now, cut to the span, and its parts add up', async () => {
  await it.store.createProject('summed');
  const { resource } = await it.store.create(newVm('sum', {}, { project: 'summed' }));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  const began = await ranFor(running, 150 * MINUTE_MS);
  await it.store.usage.closePeriods();
  const from = new Date(began.getTime() + MINUTE_MS);
  const to = new Date(began.getTime() + 121 * MINUTE_MS);
  const summary = await it.store.usage.summary({ project: 'summed', from, to });
  expect(summary.map(({ meter, durationMs }) => [meter, durationMs])).toEqual([
    ['vm.allocated', 120 * MINUTE_MS],
    ['vm.running', 120 * MINUTE_MS],
  ]);
  const byHour = await it.store.usage.summary({ project: 'summed', from, to, groupBy: ['hour', 'resource'] });
  const parts = byHour.filter(({ meter }) => meter === 'vm.running');
  expect(parts.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(120 * MINUTE_MS);
  expect(parts.every(({ name, periodStart }) => name === 'sum' && periodStart !== undefined)).toBe(true);
  const future = new Date(Date.now() + 3_600_000);
  const [untilNow] = await it.store.usage.summary({ project: 'summed', from: began, to: future });
  expect(untilNow?.durationMs).toBeGreaterThanOrEqual(150 * MINUTE_MS);
  expect(untilNow?.durationMs).toBeLessThan(151 * MINUTE_MS);
});
