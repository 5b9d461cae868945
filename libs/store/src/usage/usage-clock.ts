/**
 * What happens to usage by itself: running meters are cut at each period boundary, and committed events get their place
 * in the public order. Safe to repeat and to run in several processes at once.
 */
import type pg from 'pg';
import { countOf, inTransaction, rowsOf } from '../connection.ts';
import { USAGE_POSITION_LOCK } from '../locks.ts';
import { INSERT_USAGE_EVENTS, usageEventValues } from '../write/usage-writes.ts';
import { lastBoundary } from './intervals.ts';
import { eventsOf, type OpenMeterRow } from './usage-ledger.ts';

const METERS_AT_ONCE = 500;
const EVENTS_AT_ONCE = 5_000;

/** Closes everything that ran before the last boundary (by the database's clock). Returns how many events it made. */
export async function closeUsagePeriod(pool: pg.Pool, periodMs: number): Promise<number> {
  const [clock] = await rowsOf<{ now: Date }>(pool, NOW, []);
  const boundary = lastBoundary(clock?.now ?? new Date(), periodMs);
  let made = 0;
  for (;;) {
    const { meters, events } = await inTransaction(pool, (tx) => closeSome(tx, boundary, periodMs));
    made += events;
    if (meters < METERS_AT_ONCE) return made;
  }
}

async function closeSome(tx: pg.PoolClient, boundary: Date, periodMs: number) {
  const open = await rowsOf<OpenMeterRow>(tx, LOCK_OPEN_BEFORE, [boundary, METERS_AT_ONCE]);
  if (open.length === 0) return { meters: 0, events: 0 };
  const events = open.flatMap((row) => eventsOf(row, boundary, periodMs));
  const moved = [boundary, open.map(({ uid }) => uid), open.map(({ meter }) => meter)];
  await Promise.all([
    rowsOf(tx, INSERT_USAGE_EVENTS, usageEventValues(events, new Date())),
    rowsOf(tx, REOPEN_AT, moved),
  ]);
  return { meters: open.length, events: events.length };
}

/**
 * Gives committed events the next positions, without gaps. What commits later gets a later position, so a reader that
 * keeps its last position never misses an event. Returns how many were published.
 */
export async function publishUsage(pool: pg.Pool): Promise<number> {
  let published = 0;
  for (;;) {
    const count = await inTransaction(pool, async (tx) => {
      // The lock is waited for in a statement of its own, so that the next one sees what its holder before us wrote.
      await rowsOf(tx, LOCK_POSITIONS, [USAGE_POSITION_LOCK]);
      return countOf(tx, ASSIGN_POSITIONS, [EVENTS_AT_ONCE]);
    });
    published += count;
    if (count < EVENTS_AT_ONCE) return published;
  }
}

const NOW = { name: 'now', text: 'select now() as now' };

const LOCK_OPEN_BEFORE = {
  name: 'lock_open_before',
  text: `
select uid, meter, project, kind, name, dimensions, opened_at from usage_open
where opened_at < $1 order by uid, meter limit $2
for update`,
};

const REOPEN_AT = {
  name: 'reopen_at',
  text: `
update usage_open u set opened_at = $1 from unnest($2::uuid[], $3::text[]) as i(uid, meter)
where (u.uid, u.meter) = (i.uid, i.meter)`,
};

const LOCK_POSITIONS = { name: 'lock_positions', text: 'select pg_advisory_xact_lock($1)' };

const ASSIGN_POSITIONS = {
  name: 'assign_positions',
  text: `
with last as (
  select coalesce(max(position), 0) as position from usage_event where position is not null
), next as (
  select id, row_number() over (order by recorded_at, from_at, id) as step from (
    select id, recorded_at, from_at from usage_event where position is null
    order by recorded_at, from_at, id limit $1
  ) as unpublished
)
update usage_event e set position = last.position + next.step
from next, last where e.id = next.id`,
};
