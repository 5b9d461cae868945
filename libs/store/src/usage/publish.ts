/**
 * Committed events get their place in the public order and in the chain of their project. What commits later gets a
 * later place, so a reader that keeps its last position never misses an event.
 *
 * Safe to repeat and to run in several processes at once. A reader could break: both orders and the ends of the chains
 * move in one transaction under one lock; without it two publishers would fork a chain. And no event has a place before
 * the checkpoints of all periods that ended before it began: of two processes that close periods, one may be a period
 * behind the other.
 */
import type pg from 'pg';
import { inTransaction, rowsOf } from '../connection.ts';
import { USAGE_POSITION_LOCK } from '../locks.ts';
import { type ChainEnd, chainAll, type Link } from './chain.ts';
import { nextBoundary } from './intervals.ts';
import { FACT_COLUMNS, factsOf, type UsageFactsRow } from './usage-event-row.ts';

const EVENTS_AT_ONCE = 5_000;

type Waiting = UsageFactsRow & { readonly position: number | null };

/**
 * Publishes what is committed of intervals that began before the end of the first period that is not sealed, and before
 * `before` where it is given. Returns how many.
 */
export async function publishUsage(pool: pg.Pool, periodMs: number, before?: Date): Promise<number> {
  let published = 0;
  for (;;) {
    const count = await inTransaction(pool, async (tx) => {
      await lockPositions(tx);
      return publishSome(tx, earlier(before, await firstUnsealed(tx, periodMs)));
    });
    published += count;
    if (count < EVENTS_AT_ONCE) return published;
  }
}

/** The lock is waited for in a statement of its own, so that the next one sees what its holder before us wrote. */
export async function lockPositions(tx: pg.PoolClient): Promise<void> {
  await rowsOf(tx, LOCK_POSITIONS, [USAGE_POSITION_LOCK]);
}

/** The end of the first period that is not sealed; undefined while none ever was. */
export async function firstUnsealed(db: pg.Pool | pg.PoolClient, periodMs: number): Promise<Date | undefined> {
  const [closed] = await rowsOf<{ until: Date }>(db, READ_CLOSED, []);
  return closed && nextBoundary(closed.until, periodMs);
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one && (!other || one < other) ? one : other;
}

async function publishSome(tx: pg.PoolClient, before: Date | undefined): Promise<number> {
  const waiting = await rowsOf<Waiting>(tx, READ_WAITING, [before ?? null, EVENTS_AT_ONCE]);
  if (waiting.length === 0) return 0;
  const projects = [...new Set(waiting.map(({ project }) => project))];
  const [ends, last] = await Promise.all([
    readEnds(tx, projects),
    rowsOf<{ position: number }>(tx, READ_LAST_POSITION, []),
  ]);
  const { links, ends: grown } = chainAll(ends, waiting.map(factsOf));
  await Promise.all([write(tx, placed(waiting, last[0]?.position ?? 0), links), writeEnds(tx, grown)]);
  return waiting.length;
}

/** Events that a build without chains published keep the position that readers know them by. */
function placed(waiting: readonly Waiting[], last: number): readonly number[] {
  let next = last;
  return waiting.map(({ position }) => {
    if (position !== null) return position;
    next += 1;
    return next;
  });
}

async function readEnds(tx: pg.PoolClient, projects: readonly string[]): Promise<Map<string, ChainEnd>> {
  const rows = await rowsOf<{ project: string; position: number; hash: Buffer }>(tx, READ_ENDS, [projects]);
  return new Map(rows.map(({ project, position, hash }) => [project, { position, hash: hash.toString('hex') }]));
}

function write(tx: pg.PoolClient, positions: readonly number[], links: readonly Link[]): Promise<unknown> {
  const hashes = links.map(({ hash }) => Buffer.from(hash, 'hex'));
  const values = [links.map(({ id }) => id), positions, links.map(({ position }) => position), hashes];
  return rowsOf(tx, PLACE_EVENTS, values);
}

function writeEnds(tx: pg.PoolClient, ends: ReadonlyMap<string, ChainEnd>): Promise<unknown> {
  const rows = [...ends];
  const hashes = rows.map(([, { hash }]) => Buffer.from(hash, 'hex'));
  const values = [rows.map(([project]) => project), rows.map(([, { position }]) => position), hashes];
  return rowsOf(tx, MOVE_ENDS, values);
}

const LOCK_POSITIONS = { name: 'lock_positions', text: 'select pg_advisory_xact_lock($1)' };

const READ_CLOSED = { name: 'read_usage_closed', text: 'select until from usage_closed' };

const READ_WAITING = {
  name: 'read_unpublished_usage',
  text: `
select ${FACT_COLUMNS}, position from usage_event
where chain_position is null and ($1::timestamptz is null or from_at < $1)
order by position nulls last, recorded_at, from_at, id limit $2`,
};

const READ_LAST_POSITION = {
  name: 'read_last_usage_position',
  // After a restore the places go on behind those that readers may have seen before it.
  text: `
select greatest(
  (select coalesce(max(position), 0) from usage_event where position is not null),
  (select coalesce(max(usage_resumes), 0) from database_restore)
) as position`,
};

const READ_ENDS = {
  name: 'read_usage_chains',
  text: 'select project, position, hash from usage_chain where project = any($1::text[])',
};

const PLACE_EVENTS = {
  name: 'place_usage_events',
  text: `
update usage_event e set position = i.position, chain_position = i.chain_position, chain_hash = i.hash
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[]) as i(id, position, chain_position, hash)
where e.id = i.id`,
};

const MOVE_ENDS = {
  name: 'move_usage_chains',
  text: `
insert into usage_chain (project, position, hash) select * from unnest($1::text[], $2::bigint[], $3::bytea[])
on conflict (project) do update set position = excluded.position, hash = excluded.hash`,
};
