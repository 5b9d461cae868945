/**
 * What a database is and how it stands, for who has to judge an installation. Works on a database that no store opens:
 * one that is empty, behind, or ahead.
 */
import pg from 'pg';
import { connectionConfig } from '../connection.ts';
import { throwKnown } from '../database-errors.ts';
import { type SealedBy, sealedBy } from '../secrets/sealed-rows.ts';
import type { WrappingKeys } from '../secrets/wrapping-keys.ts';
import { migrationNames } from './migrate.ts';

export interface DatabaseFacts {
  readonly version: string;
  /** Its clock against this machine's; positive: it is ahead. Known to half of the round trip. */
  readonly skewMs: number;
  /** Migrations of this build that it lacks. */
  readonly missing: readonly string[];
  /** Migrations that failed half way. */
  readonly failed: readonly string[];
  /** Migrations that this build does not know: a newer build made them. */
  readonly ahead: readonly string[];
  /** Absent on a database that is not migrated. */
  readonly work?: WorkFacts;
  /** What the given keys open; absent without keys, or on a database that is not migrated. */
  readonly sealedBy?: SealedBy;
}

/** Signs of whether workers work. */
export interface WorkFacts {
  /** Wake-ups that no worker has taken. */
  readonly waiting: number;
  readonly oldestWaitMs: number;
  /** Resources whose next look is overdue. */
  readonly overdue: number;
  readonly oldestOverdueMs: number;
  /** Since when the meters run that have run longest; they are cut at every full period. */
  readonly oldestMeterMs: number;
}

/** Throws `Unavailable` when it does not answer. */
export async function inspectDatabase(databaseUrl: string, keys?: WrappingKeys): Promise<DatabaseFacts> {
  const client = new pg.Client(connectionConfig({ databaseUrl, applicationName: 'compute-inspect' }));
  await client.connect().catch(throwKnown);
  try {
    const book = await readBook(client);
    const known = await migrationNames();
    const finished = new Set(book.filter(({ finished }) => finished).map(({ name }) => name));
    const missing = known.filter((name) => !finished.has(name));
    return {
      ...(await readServer(client)),
      missing,
      failed: book.filter(({ finished }) => !finished).map(({ name }) => name),
      ahead: [...finished].filter((name) => !known.includes(name)),
      ...(missing.length === 0 ? { work: await readWork(client) } : {}),
      ...(missing.length === 0 && keys ? { sealedBy: await sealedBy(client, keys) } : {}),
    };
  } finally {
    await client.end();
  }
}

async function readServer(client: pg.Client): Promise<{ version: string; skewMs: number }> {
  const sentAt = Date.now();
  const { rows } = await client.query<{ version: string; now: Date }>(READ_SERVER);
  const middle = (sentAt + Date.now()) / 2;
  const [server] = rows;
  return { version: server?.version ?? '', skewMs: Math.round((server?.now.getTime() ?? middle) - middle) };
}

async function readBook(client: pg.Client): Promise<{ name: string; finished: boolean }[]> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as there`,
  );
  if (!rows[0]?.there) return [];
  return (await client.query<{ name: string; finished: boolean }>(READ_BOOK)).rows;
}

async function readWork(client: pg.Client): Promise<WorkFacts> {
  const { rows } = await client.query<WorkFacts>(READ_WORK);
  const [work] = rows;
  if (!work) throw new Error('The database did not say how its work stands.');
  return work;
}

const READ_SERVER = `select current_setting('server_version') as version, clock_timestamp() as now`;

const READ_BOOK = `
select migration_name as name, finished_at is not null as finished from _prisma_migrations where rolled_back_at is null`;

const ageMs = (column: string): string =>
  `coalesce(greatest(0, extract(epoch from now() - min(${column})) * 1000), 0)::float8`;

const READ_WORK = `
select o.waiting, o."oldestWaitMs", r.overdue, r."oldestOverdueMs", u."oldestMeterMs"
from (select count(*)::float8 as waiting, ${ageMs('created_at')} as "oldestWaitMs" from outbox) as o,
  (select count(*)::float8 as overdue, ${ageMs('next_look_at')} as "oldestOverdueMs" from resource where next_look_at <= now()) as r,
  (select ${ageMs('opened_at')} as "oldestMeterMs" from usage_open) as u`;
