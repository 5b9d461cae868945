import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyDatabase } from '@compute/test-services';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newVm, openTestStore, PROJECT, type TestStore } from '../fixtures/open-test-store.ts';
import { migrate } from './migrate.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

test('migrations are applied once, also by processes that start together', async () => {
  const { url } = await emptyDatabase();
  const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(applied.flat().length).toBe(new Set(applied.flat()).size);
  expect(applied.flat().length).toBeGreaterThan(0);
  expect(await migrate(url)).toEqual([]);
});

test('a migration that fails leaves nothing half done and stands in the way of the next start', async () => {
  const { url } = await emptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await mkdir(join(folder, '1_broken'));
  await writeFile(join(folder, '1_broken', 'migration.sql'), 'create table half (id int); select 1 / 0;');
  await expect(migrate(url, folder)).rejects.toThrow('1_broken failed');
  await expect(migrate(url, folder)).rejects.toThrow('failed earlier');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  expect((await client.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }]);
  await client.end();
  await rm(folder, { recursive: true });
});

test('a migration that was edited after it was applied is noticed', async () => {
  const { url } = await emptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await mkdir(join(folder, '1_first'));
  await writeFile(join(folder, '1_first', 'migration.sql'), 'select 1');
  await migrate(url, folder);
  await writeFile(join(folder, '1_first', 'migration.sql'), 'select 2');
  await expect(migrate(url, folder)).rejects.toThrow('was edited');
  await rm(folder, { recursive: true });
});

test('a migration that finds a table busy gives way to those behind it, and is tried again', async () => {
  const { url } = await emptyDatabase();
  const folder = await folderOf({ '1_table': 'create table busy (id int)' });
  await migrate(url, folder);
  const [reader, behind] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
  await Promise.all([reader.connect(), behind.connect()]);
  await reader.query('begin; select * from busy');
  await write(folder, { '2_column': 'alter table busy add column name text' });
  const migrating = migrate(url, folder);
  await waitsForLock(behind);
  await behind.query('select * from busy');
  await reader.query('commit');
  expect(await migrating).toEqual(['2_column']);
  expect(await migrate(url, folder)).toEqual([]);
  await Promise.all([reader.end(), behind.end()]);
  await rm(folder, { recursive: true });
});

test('an index is built concurrently, also while another process waits for its turn to migrate', async () => {
  const { url } = await emptyDatabase();
  const folder = await folderOf({
    '1_table': 'create table grown (id int)',
    '2_index': 'create index concurrently grown_id on grown (id)',
  });
  const applied = await Promise.all([migrate(url, folder), migrate(url, folder)]);
  expect(applied.flat()).toEqual(['1_table', '2_index']);
  await rm(folder, { recursive: true });
});

test('partitions are made ahead once, and rows that came before them are moved in', async () => {
  expect(await it.store.ensurePartitions()).toBe(0);
  const { resource } = await it.store.create(newVm('early'));
  const [partition] = await it.sql<{ name: string }>('select tableoid::regclass::text as name from change limit 1');
  expect(partition?.name).toMatch(/change_\d{4}_\d\d_\d\d/);
  await it.sql(`alter table change detach partition ${partition?.name}`);
  await it.sql(`insert into change select * from ${partition?.name}`);
  await it.sql(`drop table ${partition?.name}`);
  const where = 'select tableoid::regclass::text as name from change where uid = $1';
  expect(await it.sql(where, [resource.uid])).toEqual([{ name: 'partitions.change_default' }]);
  expect(await it.store.ensurePartitions()).toBe(1);
  expect(await it.sql(where, [resource.uid])).toEqual([partition]);
});

test('history of a dropped month is gone, that of the present stays', async () => {
  await it.sql(`select ensure_partition('transition', 'transition_2020_01', '2020-01-01Z', '2020-02-01Z')`);
  const before = { changes: new Date(0), history: new Date('2020-06-01'), states: new Date(0) };
  expect(await it.store.dropPartitions(before)).toBe(1);
  expect(await it.store.dropPartitions(before)).toBe(0);
  expect((await it.store.history({ project: PROJECT, limit: 10 })).items.length).toBeGreaterThan(0);
});

test('old idempotency keys are forgotten', async () => {
  const idempotency = { key: 'old', requestHash: Buffer.from('x') };
  await it.store.create(newVm('keyed', {}, { idempotency }));
  expect(await it.store.forgetIdempotency(new Date(Date.now() - 86_400_000))).toBe(0);
  expect(await it.store.forgetIdempotency(new Date(Date.now() + 60_000))).toBe(1);
});

async function folderOf(migrations: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await write(folder, migrations);
  return folder;
}

async function write(folder: string, migrations: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), sql);
  }
}

async function waitsForLock(client: pg.Client): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await client.query("select 1 from pg_locks where not granted and locktype = 'relation'")).rows.length === 0)
    if (Date.now() > deadline) throw new Error('nobody waits for a lock');
}
