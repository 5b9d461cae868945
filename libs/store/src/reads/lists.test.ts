import type { FilterTerm, Kind, ListOrder } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, newVm, openTestStore, PROJECT, seenDisk, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
  for (const name of ['b', 'd', 'a', 'c'])
    await it.store.create(newDisk(name, name > 'b' ? { storageClass: 'local' } : {}));
  await it.store.create(newDisk('iso', { optical: true, source: { http: { url: 'https://example.com/x.iso' } } }));
  await it.store.create(newVm('small', { disks: ['a'] }));
  await it.store.create(newVm('big', { instanceType: 'm1.xlarge', external: true, externalPorts: [22], disks: ['b'] }));
});
afterAll(() => it.close());

async function walk(kind: Kind, order: ListOrder, limit = 2): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await it.store.list({
      kind,
      project: PROJECT,
      limit,
      order,
      ...(after === undefined ? {} : { after }),
    });
    names.push(...page.items.map(({ name }) => name));
    after = page.next;
  } while (after !== undefined);
  return names;
}

async function select(kind: Kind, ...filter: FilterTerm[]): Promise<string[]> {
  const page = await it.store.list({ kind, project: PROJECT, limit: 100, filter });
  return page.items.map(({ name }) => name);
}
const where = (field: FilterTerm['field'], comparison: FilterTerm['comparison'], value: FilterTerm['value']) => ({
  field,
  comparison,
  value,
});

test('every order goes page by page through everything once, forwards and backwards', async () => {
  expect(await walk('VMDisk', { field: 'name', descending: false })).toEqual(['a', 'b', 'c', 'd', 'iso']);
  expect(await walk('VMDisk', { field: 'name', descending: true })).toEqual(['iso', 'd', 'c', 'b', 'a']);
  expect(await walk('VMDisk', { field: 'createdAt', descending: false })).toEqual(['b', 'd', 'a', 'c', 'iso']);
  expect(await walk('VMDisk', { field: 'createdAt', descending: true }, 1)).toEqual(['iso', 'c', 'a', 'd', 'b']);
  const disk = await it.store.get('VMDisk', PROJECT, 'd');
  if (disk) await it.store.observe(seenDisk(disk, 'Importing'));
  expect((await walk('VMDisk', { field: 'updatedAt', descending: true }))[0]).toBe('d');
});

test('rows of the same moment are told apart by their names', async () => {
  await it.sql(`alter table resource disable trigger user`);
  await it.sql(`update resource set created_at = '2026-01-01' where kind = 'VMDisk'`);
  await it.sql(`alter table resource enable trigger user`);
  expect(await walk('VMDisk', { field: 'createdAt', descending: false }, 1)).toEqual(['a', 'b', 'c', 'd', 'iso']);
  expect(await walk('VMDisk', { field: 'createdAt', descending: true }, 3)).toEqual(['iso', 'd', 'c', 'b', 'a']);
});

test('filters select by every field that the domain names', async () => {
  expect(await select('VMDisk', where('storageClass', '=', 'local'))).toEqual(['c', 'd']);
  expect(await select('VMDisk', where('optical', '=', true))).toEqual(['iso']);
  expect(await select('VMDisk', where('source', '=', 'http'))).toEqual(['iso']);
  expect(await select('VMDisk', where('source', '!=', 'blank'))).toEqual(['iso']);
  expect(await select('VMDisk', where('image', '!=', 'ubuntu'))).toEqual(['a', 'b', 'c', 'd', 'iso']);
  expect(await select('VMDisk', where('attachedTo', '=', 'nobody'))).toEqual([]);
  expect(await select('VMDisk', where('phase', '=', 'Importing'), where('storageClass', '=', 'local'))).toEqual(['d']);
  expect(await select('VMDisk', where('failure', '=', 'x'))).toEqual([]);
  expect(await select('VMDisk', where('deleting', '=', false), where('name', '=', 'a'))).toEqual(['a']);
  expect(await select('VMInstance', where('series', '=', 'M'))).toEqual(['big']);
  expect(await select('VMInstance', where('instanceType', '!=', 'm1.xlarge'))).toEqual(['small']);
  expect(await select('VMInstance', where('instanceProfile', '=', 'ubuntu'))).toEqual(['big', 'small']);
  expect(await select('VMInstance', where('external', '=', true))).toEqual(['big']);
  expect(await select('VMInstance', where('disk', '=', 'a'))).toEqual(['small']);
  expect(await select('VMInstance', where('disk', '!=', 'a'))).toEqual(['big']);
  const future = new Date(Date.now() + 60_000);
  expect(await select('VMInstance', where('createdAt', '>', future))).toEqual([]);
  expect(await select('VMInstance', where('updatedAt', '<=', future))).toEqual(['big', 'small']);
  expect(await select('VMInstance', where('name', '=', "'; drop table resource; --"))).toEqual([]);
});

test('a place of another order is refused', async () => {
  const query = { kind: 'VMDisk', project: PROJECT, limit: 1 } as const;
  const wrong = it.store.list({ ...query, order: { field: 'createdAt', descending: false }, after: 'a' });
  await expect(wrong).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('every order and the filter by phase are read from an index, whatever the size of the project', async () => {
  await it.sql(`alter table resource disable trigger user`);
  await it.sql(`
insert into resource (uid, kind, project, name, spec, claim, status, phase, phase_since, phase_seq, transition_seq,
  transition_at, generation, spec_version, status_version, resource_version, created_at, updated_at)
select gen_random_uuid(), 'VMInstance', '${PROJECT}', 'many-' || n, '{}', '{}', '{}', 'Running', now(), 1, 1, now(), 1, 1,
  1, n, now() - make_interval(secs => n), now() - make_interval(secs => n * 2)
from generate_series(1, 20000) n`);
  await it.sql(`alter table resource enable trigger user`);
  await it.sql(`analyze resource`);
  const plans = await Promise.all(
    [
      `order by name limit 51`,
      `and name > 'many-7' order by name desc limit 51`,
      `and (created_at, name) > (now() - interval '1 hour', '') order by created_at, name limit 51`,
      `and (updated_at, name) < (now() - interval '1 hour', '') order by updated_at desc, name desc limit 51`,
      `and phase = 'Failed' order by name limit 51`,
    ].map(async (rest) => {
      const rows = await it.sql<{ 'QUERY PLAN': string }>(
        `explain select * from resource where project = '${PROJECT}' and kind = 'VMInstance' ${rest}`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    }),
  );
  for (const plan of plans) {
    expect(plan).toContain('Index Scan');
    expect(plan).not.toContain('Sort');
  }
});
