/**
 * Named readers of the feed, how far each has come, and how far behind it is. A consumer belongs to a project, or to
 * nobody in particular (`owner` empty) when it reads all projects.
 */
import { Fault, type UsageConsumer } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';

interface ConsumerRow {
  readonly name: string;
  readonly position: number;
  readonly created_at: Date;
  readonly acked_at: Date | null;
  readonly behind: number;
  readonly oldest: Date | null;
}

export interface Acknowledgement {
  /** The project whose events it reads; empty: all projects. */
  readonly owner: string;
  readonly name: string;
  readonly position: string;
  /** Without it a position before the present one is left as it is: a repeated or late acknowledgement takes nothing back. */
  readonly rewind: boolean;
}

/** Makes the consumer when there is none. Throws `InvalidArgument` for a place that the feed has not reached. */
export async function acknowledge(pool: pg.Pool, { owner, name, position, rewind }: Acknowledgement) {
  const rows = await rowsOf(pool, ACKNOWLEDGE, [owner, name, Number(position), rewind]);
  if (rows.length === 0) throw new Fault('InvalidArgument', 'The feed has not come to this cursor yet.');
  return consumer(pool, owner, name);
}

/** Throws `NotFound`. */
export async function consumer(pool: pg.Pool, owner: string, name: string): Promise<UsageConsumer> {
  const [row] = await readConsumers(pool, owner, name);
  if (row) return row;
  throw new Fault('NotFound', `There is no consumer '${name}'.`, { resource: { kind: 'UsageConsumer', name } });
}

/** All of an owner, or the one of that name. */
export function consumers(pool: pg.Pool, owner: string, name?: string): Promise<UsageConsumer[]> {
  return readConsumers(pool, owner, name ?? null);
}

/** Throws `NotFound`. */
export async function removeConsumer(pool: pg.Pool, owner: string, name: string): Promise<void> {
  await consumer(pool, owner, name);
  await rowsOf(pool, REMOVE_CONSUMER, [owner, name]);
}

async function readConsumers(pool: pg.Pool, owner: string, name: string | null): Promise<UsageConsumer[]> {
  const rows = await rowsOf<ConsumerRow>(pool, READ_CONSUMERS, [owner, name]);
  return rows.map((row) => ({
    name: row.name,
    position: String(row.position),
    createdAt: row.created_at,
    ...(row.acked_at === null ? {} : { ackedAt: row.acked_at }),
    eventsBehind: row.behind,
    ...(row.oldest === null ? {} : { oldestUnread: row.oldest }),
  }));
}

const ACKNOWLEDGE = {
  name: 'acknowledge_usage',
  text: `
insert into usage_consumer as c (owner, name, position, acked_at)
select $1, $2, $3::bigint, now()
where $3::bigint <= greatest(
  (select coalesce(max(position), 0) from usage_event where chain_position is not null),
  (select coalesce(max(usage_resumes), 0) from database_restore)
)
on conflict (owner, name) do update set acked_at = now(),
  position = case when $4 then excluded.position else greatest(c.position, excluded.position) end
returning c.name`,
};

/**
 * Places are gap-free but for restores, so a distance is a difference: no events are counted. Of one project's consumer the places in the
 * project's chain count, of another those in the whole feed.
 */
const READ_CONSUMERS = {
  name: 'read_usage_consumers',
  text: `
select c.name, c.position, c.created_at, c.acked_at,
  greatest(0, reach.last - reach.taken - reach.skipped) as behind, e.recorded_at as oldest
from usage_consumer c cross join lateral (
  select c.position as taken, coalesce((select max(position) from usage_event where chain_position is not null), 0) as last,
    coalesce((
      select sum(usage_resumes - greatest(usage_position, c.position)) from database_restore where usage_resumes > c.position
    ), 0)::bigint as skipped
  where c.owner = ''
  union all
  select coalesce((
    select chain_position from usage_event where project = c.owner and position <= c.position
    order by chain_position desc limit 1
  ), 0), coalesce((select position from usage_chain where project = c.owner), 0), coalesce((
    select sum(b.resumes - b.position) from usage_break b
    join database_restore r on r.epoch = b.epoch and r.usage_position >= c.position where b.project = c.owner
  ), 0)::bigint
  where c.owner <> ''
) as reach left join lateral (
  select recorded_at from usage_event where c.owner = '' and position = (
    select min(position) from usage_event where position > reach.taken
  )
  union all
  select recorded_at from usage_event where c.owner <> '' and project = c.owner and chain_position = (
    select min(chain_position) from usage_event where project = c.owner and chain_position > reach.taken
  )
) as e on true
where c.owner = $1 and ($2::text is null or c.name = $2) order by c.name`,
};

const REMOVE_CONSUMER = {
  name: 'remove_usage_consumer',
  text: 'delete from usage_consumer where owner = $1 and name = $2',
};
