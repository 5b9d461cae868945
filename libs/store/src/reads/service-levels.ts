/** How far the control plane is behind its own work, and how many resources there are: what monitoring asks of the tables. */
import type { Kind } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';

export interface Backlog {
  readonly outboxDepth: number;
  /** Of the entry that has waited longest; 0 when none waits. */
  readonly outboxOldestMs: number;
  /** Of the usage event that has waited longest for its place in the feed; 0 when none waits. */
  readonly usageOldestMs: number;
}

export interface ResourceCount {
  readonly project: string;
  readonly kind: Kind;
  readonly phase: string;
  readonly count: number;
  /** Of these, whose deletion was asked for longer ago than was asked about. */
  readonly stuck: number;
}

/** Reads the ends of indexes, apart from the length of the outbox: cheap enough for every scrape. */
export async function readBacklog(pool: pg.Pool): Promise<Backlog> {
  const [row] = await rowsOf<{ depth: number; outbox_ms: number; usage_ms: number }>(pool, BACKLOG, []);
  return { outboxDepth: row?.depth ?? 0, outboxOldestMs: row?.outbox_ms ?? 0, usageOldestMs: row?.usage_ms ?? 0 };
}

/** Counts every resource: for one process, once a minute. */
export async function countResources(pool: pg.Pool, stuckAfterMs: number): Promise<ResourceCount[]> {
  return rowsOf<ResourceCount>(pool, COUNT_RESOURCES, [stuckAfterMs / 1_000]);
}

const ageMs = (instant: string): string =>
  `coalesce(greatest(0, extract(epoch from clock_timestamp() - (${instant})) * 1000), 0)::float8`;

const BACKLOG = {
  name: 'backlog',
  text: `
select (select count(*) from outbox) as depth,
  ${ageMs('select created_at from outbox order by id limit 1')} as outbox_ms,
  ${ageMs('select min(recorded_at) from usage_event where chain_position is null')} as usage_ms`,
};

const COUNT_RESOURCES = {
  name: 'count_resources',
  text: `
select project, kind, phase, count(*) as count,
  count(*) filter (where deletion_requested_at < now() - make_interval(secs => $1::float8)) as stuck
from resource group by project, kind, phase`,
};
