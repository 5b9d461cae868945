/**
 * Applies prisma/migrations with plain pg, for services that carry no Prisma CLI. Keeps the same book
 * (`_prisma_migrations`, same checksums) under the same advisory lock as `prisma migrate deploy`, so either may follow
 * the other, and several processes may start at once.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MIGRATION_LOCK } from '../locks.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** Returns the names of the migrations that it applied, in order. Throws, leaving none half done, when one fails. */
export async function migrate(databaseUrl: string, folder: string = MIGRATIONS): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'compute-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await applyMissing(client, folder);
  } finally {
    await client.end();
  }
}

async function applyMissing(client: pg.Client, folder: string): Promise<string[]> {
  await client.query(CREATE_BOOK);
  const book = await client.query<Applied>(READ_BOOK);
  const applied = new Map(book.rows.map((row) => [row.migration_name, row]));
  const unfinished = book.rows.find((row) => row.finished_at === null);
  if (unfinished) throw new Error(`migration ${unfinished.migration_name} failed earlier: resolve it first`);
  const done: string[] = [];
  for (const name of await migrationNames(folder)) {
    const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    const earlier = applied.get(name);
    if (earlier && earlier.checksum !== checksum) throw new Error(`migration ${name} was edited after it was applied`);
    if (earlier) continue;
    await applyOne(client, { name, sql, checksum });
    done.push(name);
  }
  return done;
}

async function applyOne(client: pg.Client, migration: { name: string; sql: string; checksum: string }): Promise<void> {
  const id = randomUUID();
  await client.query(BEGIN_ENTRY, [id, migration.checksum, migration.name]);
  try {
    await client.query(migration.sql);
  } catch (error) {
    await client.query('update _prisma_migrations set logs = $2 where id = $1', [id, String(error)]);
    throw new Error(`migration ${migration.name} failed: ${String(error)}`, { cause: error });
  }
  await client.query(FINISH_ENTRY, [id]);
}

/** Of this build, in their order. */
export async function migrationNames(folder: string = MIGRATIONS): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

const CREATE_BOOK = `
create table if not exists _prisma_migrations (
  id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

const READ_BOOK = `
select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null`;

const BEGIN_ENTRY = `
insert into _prisma_migrations (id, checksum, migration_name) values ($1, $2, $3)`;

const FINISH_ENTRY = `
update _prisma_migrations set finished_at = now(), applied_steps_count = 1 where id = $1`;
