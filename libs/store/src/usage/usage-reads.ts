/** Reading usage: the gap-free feed, and sums over a span with what runs right now. */
import type { Dimensions, Kind, Meter, UsageSummaryRow } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import { parsePosition } from '../feed/change-log.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { UsageEventsPage, UsageEventsQuery, UsageGroup, UsageSummaryQuery } from '../records.ts';
import { eventOf, FACT_COLUMNS, type UsageEventRow } from './usage-event-row.ts';

export async function usageEvents(pool: pg.Pool, query: UsageEventsQuery): Promise<UsageEventsPage> {
  const limit = clampLimit(query.limit);
  const after = query.after === undefined ? 0 : parsePosition(query.after);
  // The end is read first: what is published meanwhile is for the next page.
  const [end] = await rowsOf<{ position: number }>(pool, LAST_POSITION, []);
  const values = [after, end?.position ?? 0, query.project ?? null, query.meter ?? null, limit];
  const rows = await rowsOf<UsageEventRow>(pool, FEED_PAGE, values);
  const last = rows.length === limit ? rows.at(-1)?.position : undefined;
  const nextCursor = String(last ?? Math.max(after, end?.position ?? 0));
  return { events: rows.map(eventOf), nextCursor };
}

interface SummaryRow {
  readonly meter: Meter;
  readonly dimensions: Dimensions;
  readonly uid?: string;
  readonly kind?: Kind;
  readonly name?: string;
  readonly period_start?: Date;
  readonly duration_ms: number;
}

/** Sums by meter and dimensions, and by what `groupBy` adds. Running meters count up to now. */
export async function usageSummary(pool: pg.Pool, query: UsageSummaryQuery): Promise<UsageSummaryRow[]> {
  const groups = query.groupBy ?? [];
  const text = summaryText(groups);
  const rows = await rowsOf<SummaryRow>(pool, { text }, [query.project, query.from, query.to]);
  return rows.map(({ meter, dimensions, uid, kind, name, period_start: periodStart, duration_ms: durationMs }) => ({
    meter,
    dimensions,
    ...(uid === undefined || kind === undefined || name === undefined ? {} : { uid, kind, name }),
    ...(periodStart === undefined ? {} : { periodStart }),
    durationMs,
  }));
}

/** The groups come from a closed list; everything else is a parameter. */
function summaryText(groups: readonly UsageGroup[]): string {
  const period = groups.includes('hour') ? 'hour' : groups.includes('day') ? 'day' : undefined;
  const columns = ['meter', 'dimensions'];
  if (groups.includes('resource')) columns.push('uid', 'kind', 'name');
  const cut = period === undefined ? 'select *, null::timestamptz as period_start from span' : cutBy(period);
  if (period !== undefined) columns.push('period_start');
  const list = columns.join(', ');
  return `
with span as (
  select meter, dimensions, uid, kind, name, sign(duration_ms) as sign,
    greatest(from_at, $2::timestamptz) as from_at, least(to_at, $3::timestamptz) as to_at
  from usage_event where project = $1 and from_at < $3 and to_at > $2
  union all
  select meter, dimensions, uid, kind, name, 1,
    greatest(opened_at, $2), least(date_trunc('milliseconds', now()), $3)
  from usage_open where project = $1 and opened_at < $3
), piece as (${cut})
select ${list}, (sum(sign * extract(epoch from to_at - from_at)) * 1000)::bigint as duration_ms
from piece where to_at > from_at
group by ${list} order by ${list}`;
}

function cutBy(unit: 'hour' | 'day'): string {
  return `
  select meter, dimensions, uid, kind, name, sign, greatest(from_at, start) as from_at,
    least(to_at, start + interval '1 ${unit}') as to_at, start as period_start
  from span cross join lateral generate_series(date_trunc('${unit}', from_at, 'UTC'), to_at, interval '1 ${unit}') as start`;
}

const LAST_POSITION = {
  name: 'last_usage_position',
  text: 'select coalesce(max(position), 0) as position from usage_event where chain_position is not null',
};

const FEED_PAGE = {
  name: 'usage_feed_page',
  text: `
select ${FACT_COLUMNS}, position, chain_position, chain_hash from usage_event
where position > $1 and position <= $2 and chain_position is not null and ($3::text is null or project = $3) and ($4::text is null or meter = $4)
order by position limit $5`,
};
