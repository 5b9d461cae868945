/**
 * Applies prisma/migrations with plain pg, for services that carry no Prisma CLI. Keeps the same book
 * (`_prisma_migrations`, same checksums) under the same advisory lock as `prisma migrate deploy`, so either may follow
 * the other, and several processes may start at once.
 *
 * A migration is one transaction. It waits only briefly for a lock, because everybody else waits behind it, and is tried again;
 * what cannot be in a transaction (an index that is built concurrently) is a migration of one statement.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MIGRATION_LOCK } from '../locks.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

const LOCK_TIMEOUT_MS = 2_000;
const LOCK_ATTEMPTS = 20;
const RETRY_AFTER_MS = 1_000;
const LOOK_FOR_TURN_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

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
    await takeTurn(client);
    return await applyMissing(client, folder);
  } finally {
    await client.end();
  }
}

/** Asks again and again: who stood waiting in one statement would be waited for by an index that is built concurrently. */
async function takeTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [MIGRATION_LOCK]);
    if (rows[0]?.mine) return;
    await pause(LOOK_FOR_TURN_MS);
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

async function applyOne(client: pg.Client, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const id = randomUUID();
    await client.query(BEGIN_ENTRY, [id, migration.checksum, migration.name]);
    const error = await errorOf(client, migration);
    if (error === undefined) {
      await client.query(FINISH_ENTRY, [id]);
      return;
    }
    await noteFailure(client, id, error, migration.sql);
    if (!mayTryAgain(error, migration.sql) || attempt === LOCK_ATTEMPTS)
      throw new Error(`migration ${migration.name} failed: ${String(error)}`, { cause: error });
    await pause(RETRY_AFTER_MS);
  }
}

async function errorOf(client: pg.Client, { sql }: Migration): Promise<unknown> {
  // Building an index concurrently makes nobody wait, however long it waits itself.
  await client.query(`set lock_timeout = ${isConcurrent(sql) ? 0 : LOCK_TIMEOUT_MS}`);
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.query('reset lock_timeout').catch(() => undefined);
  }
}

/** A migration that found no turn has left nothing behind, so nothing has to be resolved by hand. */
async function noteFailure(client: pg.Client, id: string, error: unknown, sql: string): Promise<void> {
  const end = mayTryAgain(error, sql) ? ', rolled_back_at = now()' : '';
  await client.query(`update _prisma_migrations set logs = $2${end} where id = $1`, [id, String(error)]);
}

function mayTryAgain(error: unknown, sql: string): boolean {
  return error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE && !isConcurrent(sql);
}

function isConcurrent(sql: string): boolean {
  return /\bindex\s+concurrently\b/i.test(sql);
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
