/** Running meters are cut at each period boundary. Safe to repeat and to run in several processes at once. */
import type pg from 'pg';
import { inTransaction, rowsOf } from '../connection.ts';
import { INSERT_USAGE_EVENTS, usageEventValues } from '../write/usage-writes.ts';
import { lastBoundary } from './intervals.ts';
import { eventsOf, type OpenMeterRow } from './usage-ledger.ts';

const METERS_AT_ONCE = 2_000;

/** Which boundary was the last, by the database's clock, and how many events the cut at it made. */
export interface Cut {
  readonly boundary: Date;
  readonly events: number;
}

/** Cuts everything that ran before the last boundary. */
export async function cutUsage(pool: pg.Pool, periodMs: number): Promise<Cut> {
  const [clock] = await rowsOf<{ now: Date }>(pool, NOW, []);
  if (!clock) throw new Error('The database did not tell the time.');
  const boundary = lastBoundary(clock.now, periodMs);
  let made = 0;
  for (;;) {
    const { meters, events } = await inTransaction(pool, (tx) => cutSome(tx, boundary, { periodMs, now: clock.now }));
    made += events;
    if (meters < METERS_AT_ONCE) return { boundary, events: made };
  }
}

async function cutSome(tx: pg.PoolClient, boundary: Date, { periodMs, now }: { periodMs: number; now: Date }) {
  const open = await rowsOf<OpenMeterRow>(tx, LOCK_OPEN_BEFORE, [boundary, METERS_AT_ONCE]);
  if (open.length === 0) return { meters: 0, events: 0 };
  const events = open.flatMap((row) => eventsOf(row, boundary, periodMs));
  const moved = [boundary, open.map(({ uid }) => uid), open.map(({ meter }) => meter)];
  await Promise.all([rowsOf(tx, INSERT_USAGE_EVENTS, usageEventValues(events, now)), rowsOf(tx, REOPEN_AT, moved)]);
  return { meters: open.length, events: events.length };
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
