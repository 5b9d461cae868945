/**
 * Each migration after the first release on a real Postgres, on tables that others are using. The rules read what a migration
 * says; this sees what it does: which tables it writes anew or reads through, and how long others wait for it.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from '@compute/store';
import { emptyDatabase } from '@compute/test-services';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { allMigrations, lintedMigrations, MIGRATIONS, type Migration } from './linted-migrations.ts';

/** A report that somebody runs: it holds every table for so long. */
const REPORT_MS = 700;
/** The timeout of a lock, and room for a machine that is busy otherwise. */
const LONGEST_WAIT_MS = 4_000;

describe.each(lintedMigrations())('$name', (migration) => {
  test('rewrites no table that was there and reads through none', async () => {
    await onDatabaseBefore(migration, async (client) => {
      const before = await filesOf(client);
      await client.query(isAlone(migration) ? migration.sql : `begin; ${migration.sql}`);
      const read = await client.query<{ name: string }>(READ_THROUGH);
      const names = read.rows.map(({ name }) => name).filter((name) => before.has(name));
      const after = await filesOf(client);
      await client.query('rollback');
      expect([...before].filter(([table, file]) => after.get(table) !== file)).toEqual([]);
      expect(names).toEqual([]);
    });
  });

  test('makes nobody wait for long, even when it finds every table busy', async () => {
    await onDatabaseBefore(migration, async (client, url, folder) => {
      const [report, reader] = await Promise.all([connected(url), connected(url)]);
      const tables = [...(await filesOf(client)).keys()];
      const readAll = tables.map((table) => `select 1 from ${table} limit 1`).join(';');
      await report.query(`begin; ${readAll}`);
      cpSync(join(MIGRATIONS, migration.name), join(folder, migration.name), { recursive: true });
      const migrated = migrate(url, folder);
      const ended = pause(REPORT_MS).then(() => report.query('commit'));
      const waits = await waitsUntil(Promise.all([migrated, ended]), reader, readAll);
      expect(await migrated).toEqual([migration.name]);
      expect(Math.max(...waits)).toBeLessThan(LONGEST_WAIT_MS);
      await Promise.all([report.end(), reader.end()]);
    });
  });
});

test('a table that is rewritten or read through is seen', async () => {
  const client = await connected((await emptyDatabase()).url);
  await client.query('create table busy (id int); insert into busy values (1)');
  const before = await filesOf(client);
  await client.query('begin; alter table busy add column at timestamptz default clock_timestamp()');
  expect((await filesOf(client)).get('busy')).not.toBe(before.get('busy'));
  await client.query('rollback; begin; alter table busy add constraint positive check (id > 0)');
  expect((await client.query(READ_THROUGH)).rows).toEqual([{ name: 'busy' }]);
  await client.query('rollback');
  await client.end();
});

/** How long each round of reads took while something went on. */
async function waitsUntil(done: Promise<unknown>, client: pg.Client, sql: string): Promise<number[]> {
  const waits: number[] = [];
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  done.then(end, end);
  while (!isDone) {
    const startedAt = performance.now();
    await client.query(sql);
    waits.push(performance.now() - startedAt);
  }
  return waits;
}

/** On a database with the migrations before this one, from a folder with just those. */
async function onDatabaseBefore(
  migration: Migration,
  work: (client: pg.Client, url: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  const { url } = await emptyDatabase();
  for (const { name } of allMigrations().filter((other) => other.name < migration.name))
    cpSync(join(MIGRATIONS, name), join(folder, name), { recursive: true });
  await migrate(url, folder);
  const client = await connected(url);
  try {
    await work(client, url, folder);
  } finally {
    await client.end();
    rmSync(folder, { recursive: true });
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** The file that each table of ours lies in: another one means that it was written anew. */
async function filesOf(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; file: string }>(TABLE_FILES);
  return new Map(rows.map(({ name, file }) => [name, file]));
}

/** What cannot be in a transaction is a migration of one statement. */
function isAlone({ sql }: Migration): boolean {
  return /\bconcurrently\b/i.test(sql);
}

const TABLE_FILES = `
select c.oid::regclass::text as name, pg_relation_filenode(c.oid)::text as file from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('public', 'partitions') and c.relname <> '_prisma_migrations'`;

/** Tables that the present transaction went through from end to end, or whose rows it changed. */
const READ_THROUGH = `
select relid::regclass::text as name from pg_stat_xact_user_tables
where seq_scan + n_tup_ins + n_tup_upd + n_tup_del > 0 order by 1`;
