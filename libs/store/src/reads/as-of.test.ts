import type { FilterTerm, VmDisk, VmInstance } from '@compute/domain';
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

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
  await it.sql(`update past_floor set at = '2026-01-01'`);
});
afterAll(() => it.close());

/** An instant that lies between what was written before and what is written after, by the database's clock. */
async function instant(): Promise<Date> {
  const between = await laterThan(await clock());
  await laterThan(between);
  return between;
}

async function clock(): Promise<Date> {
  const [row] = await it.sql<{ now: Date }>(`select date_trunc('milliseconds', clock_timestamp()) as now`);
  return row?.now ?? expect.unreachable('no clock');
}

/** The database's clock once it shows another millisecond, which is the smallest step of what is stored. */
async function laterThan(before: Date): Promise<Date> {
  for (;;) {
    const now = await clock();
    if (now > before) return now;
  }
}

async function names(asOf: Date, more: { filter?: FilterTerm[]; limit?: number; after?: string } = {}) {
  const page = await it.store.list({ kind: 'VMInstance', project: PROJECT, limit: 100, asOf, ...more });
  return page.items.map(({ name }) => name);
}

async function vmOf(name: string): Promise<VmInstance> {
  const vm = await it.store.get('VMInstance', PROJECT, name);
  if (!vm) throw new Error(`no ${name}`);
  return vm;
}

test('a resource reads as it stood, its spec and its status, and after its deletion too', async () => {
  const beforeAllOfIt = await instant();
  const secret = '#cloud-config\npassword: hunter2';
  const made = await it.store.create(newVm('one', { cloudInit: secret }, { labels: { tier: 'a' } }));
  const created = await instant();
  await it.store.observe(seenVm(made.resource, 'Running'));
  const running = await instant();
  const spec = vmSpec({ cloudInit: secret, disks: ['data'], external: true });
  await it.store.want({
    actor: USER,
    requestId: 'r',
    target: { uid: made.resource.uid, project: PROJECT },
    spec,
    labels: { tier: 'b' },
  });
  const changed = await instant();
  await deleteFully(it.store, 'VMInstance', 'one');
  const gone = await instant();

  const then = async (at: Date) => it.store.getAsOf('VMInstance', PROJECT, 'one', at);
  expect(await then(beforeAllOfIt)).toBeUndefined();
  expect(await then(created)).toEqual(made.resource);
  expect(await then(running)).toMatchObject({
    phase: 'Running',
    generation: 1,
    spec: { disks: [], cloudInit: secret },
  });
  expect(await then(changed)).toMatchObject({ generation: 2, labels: { tier: 'b' }, spec: { disks: ['data'] } });
  expect(await then(gone)).toBeUndefined();
  const kept = await it.sql<{ object: object }>('select object from past_state');
  expect(JSON.stringify(kept)).not.toContain('hunter2');
});

test('a list of the past has what was there, in pages, filtered as it was then', async () => {
  for (const name of ['a', 'b', 'c']) await it.store.create(newVm(name));
  await it.store.observe(seenVm(await vmOf('b'), 'Running'));
  const before = await instant();
  await it.store.observe(seenVm(await vmOf('a'), 'Running'));
  await it.store.observe(seenVm(await vmOf('b'), 'Failed'));
  await deleteFully(it.store, 'VMInstance', 'c');
  await it.store.create(newVm('d', { disks: ['system'] }));
  const after = await instant();
  // The name is taken again: the past still has the first one.
  await it.store.create(newVm('c'));

  expect(await names(before)).toEqual(['a', 'b', 'c']);
  expect(await names(after)).toEqual(['a', 'b', 'd']);
  const running: FilterTerm = { field: 'phase', comparison: '=', value: 'Running' };
  expect(await names(before, { filter: [running] })).toEqual(['b']);
  expect(await names(after, { filter: [running] })).toEqual(['a']);
  expect(await names(after, { filter: [{ field: 'disk', comparison: '=', value: 'system' }] })).toEqual(['d']);
  expect(await names(before, { limit: 2 })).toEqual(['a', 'b']);
  expect(await names(before, { limit: 2, after: 'b' })).toEqual(['c']);
  const selector = { labelSelector: [{ key: 'tier', operator: 'Exists', values: [] }] } as const;
  const labelled = await it.store.list({ kind: 'VMInstance', project: PROJECT, limit: 9, asOf: before, ...selector });
  expect(labelled.items).toEqual([]);
  const backwards = { field: 'name', descending: true } as const;
  const down = { kind: 'VMInstance', project: PROJECT, limit: 2, asOf: before, order: backwards } as const;
  const lastTwo = await it.store.list(down);
  const firstOne = await it.store.list({ ...down, after: lastTwo.next ?? '' });
  expect([...lastTwo.items, ...firstOne.items].map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  const newest = { field: 'createdAt', descending: true } as const;
  const page = await it.store.list({ kind: 'VMInstance', project: PROJECT, limit: 2, asOf: before, order: newest });
  expect(page.items.map(({ name }) => name)).toEqual(['c', 'b']);
});

test('how far an import was is not told for a time that is not known', async () => {
  const { resource } = await it.store.create(newDisk('image', { source: { http: { url: 'https://example.com/x' } } }));
  const progress = (percent: number) => ({ phase: 'Downloading', percent, attempts: 1 }) as const;
  const details = { attachedTo: [], import: progress(1) };
  await it.store.observe(seenDisk(resource, 'Importing', { details }));
  const early = await instant();
  await it.store.progress([{ uid: resource.uid, import: progress(50) }]);
  const later = await instant();
  const disk = (await it.store.get('VMDisk', PROJECT, 'image')) as VmDisk;
  await it.store.observe(seenDisk(disk, 'Ready', { details: { attachedTo: [] } }));

  const then = (at: Date) => it.store.getAsOf('VMDisk', PROJECT, 'image', at);
  expect(await then(early)).toMatchObject({ phase: 'Importing' });
  expect((await then(early))?.status.import).toBeUndefined();
  expect((await then(later))?.status.import).toMatchObject({ percent: 50 });
});

test('a time before the retained past, or to come, is refused with the earliest that is known', async () => {
  const early = it.store.getAsOf('VMInstance', PROJECT, 'a', new Date('2025-06-01'));
  await expect(early).rejects.toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringContaining('2026-01-01'),
  });
  await expect(names(new Date(Date.now() + 3_600_000))).rejects.toMatchObject({
    details: { fields: [{ code: 'out_of_range' }] },
  });
});

test('retention drops months whole, and the past begins later', async () => {
  await it.sql(`select ensure_partition('past_state', 'past_state_2026_02', '2026-02-01Z', '2026-03-01Z')`);
  const before = { changes: new Date(0), history: new Date(0), states: new Date('2026-04-01') };
  expect(await it.store.dropPartitions(before)).toBe(1);
  expect(await it.store.dropPartitions(before)).toBe(0);
  await expect(names(new Date('2026-02-15'))).rejects.toThrow('2026-03-01');
});

test('what was kept of the past cannot be rewritten', async () => {
  await expect(it.sql(`update past_state set name = 'x'`)).rejects.toThrow('append-only');
});
