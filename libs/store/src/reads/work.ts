/** What workers take from the store: wake-ups that were written with a change, and rows whose time has come. */
import type { Kind } from '@compute/domain';
import type pg from 'pg';
import type { ProgressEntry, ResourcePoke } from '../commands.ts';
import { countOf, inTransaction, rowsOf } from '../connection.ts';
import { FEED_LOCK, SHARE_FEED } from '../locks.ts';

interface OutboxRow {
  readonly id: number;
  readonly kind: Kind;
  readonly uid: string;
  readonly trace_parent: string | null;
  readonly created_at: Date;
}

/**
 * Claims up to `limit` entries, hands them to `send` and deletes them when it resolves. Rejects, keeping them, when it
 * rejects. Others skip what is claimed. Returns how many there were.
 */
export async function claimOutbox(
  pool: pg.Pool,
  limit: number,
  send: (pokes: readonly ResourcePoke[]) => Promise<void>,
): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const rows = await rowsOf<OutboxRow>(tx, CLAIM_OUTBOX, [limit]);
    if (rows.length === 0) return 0;
    await send(rows.map(toPoke));
    await countOf(tx, DELETE_OUTBOX, [rows.map(({ id }) => id)]);
    return rows.length;
  });
}

/** The longest overdue first. A row stays due until somebody looked at it. */
export async function dueResources(pool: pg.Pool, limit: number): Promise<ResourcePoke[]> {
  return rowsOf<ResourcePoke>(pool, DUE, [limit]);
}

/** Every resource there is, in pages by uid: `after` is the last uid of the page before. */
export async function everyResource(pool: pg.Pool, limit: number, after?: string): Promise<ResourcePoke[]> {
  return rowsOf<ResourcePoke>(pool, EVERY, [after ?? '00000000-0000-0000-0000-000000000000', limit]);
}

/** Moves the next look; nothing that a caller could see. */
export async function lookLater(pool: pg.Pool, uid: string, afterMs: number, attempts: number): Promise<void> {
  await countOf(pool, LOOK_LATER, [uid, afterMs, attempts]);
}

/**
 * Writes how far imports are, in place: in the feed, not in history, and without a new status version, so that it
 * disturbs no planner. What is unchanged, gone or being deleted is left alone, and so is a figure that comes too late:
 * of an import that has ended, or behind what the row says of the same attempt. Returns how many rows changed.
 */
export async function writeProgress(pool: pg.Pool, entries: readonly ProgressEntry[]): Promise<number> {
  const last = [...new Map(entries.map((entry) => [entry.uid, entry])).values()];
  if (last.length === 0) return 0;
  const values = [last.map(({ uid }) => uid), last.map((entry) => JSON.stringify(entry.import))];
  return inTransaction(pool, async (tx) => {
    const [, count] = await Promise.all([rowsOf(tx, SHARE_FEED, [FEED_LOCK]), countOf(tx, WRITE_PROGRESS, values)]);
    return count;
  });
}

function toPoke({ kind, uid, trace_parent: traceparent, created_at: createdAt }: OutboxRow): ResourcePoke {
  return { kind, uid, createdAt, ...(traceparent === null ? {} : { traceparent }) };
}

const CLAIM_OUTBOX = {
  name: 'claim_outbox',
  text: `
select id, kind, uid, trace_parent, created_at from outbox
order by id limit $1
for update skip locked`,
};

const DELETE_OUTBOX = { name: 'delete_outbox', text: 'delete from outbox where id = any($1::bigint[])' };

const DUE = {
  name: 'due_resources',
  text: 'select kind, uid from resource where next_look_at <= now() order by next_look_at limit $1',
};

const EVERY = {
  name: 'every_resource',
  text: 'select kind, uid from resource where uid > $1 order by uid limit $2',
};

const LOOK_LATER = {
  name: 'look_later',
  text: `
update resource set next_look_at = now() + make_interval(secs => $2::float8 / 1000), attempts = $3
where uid = $1`,
};

const WRITE_PROGRESS = {
  name: 'write_progress',
  text: `
with input as (
  select uid, import from unnest($1::uuid[], $2::jsonb[]) as i(uid, import)
), held as (
  select r.uid, i.import, nextval('change_seq_seq') as seq
  from (
    select r.uid from resource r join input i using (uid)
    where r.kind = 'VMDisk' and r.phase = 'Importing' and r.deletion_requested_at is null
      and coalesce(r.status #>> '{import,phase}', '') not in ('Done', 'Failed')
      and (r.status #> '{import,attempts}' = i.import -> 'attempts'
        and (i.import ->> 'percent')::float8 < (r.status #>> '{import,percent}')::float8) is not true
    order by r.uid for no key update of r
  ) as r join input i using (uid)
), written as (
  update resource r
  set status = jsonb_set(r.status, '{import}', h.import), resource_version = h.seq,
    updated_at = date_trunc('milliseconds', clock_timestamp())
  from held h
  where r.uid = h.uid and r.status -> 'import' is distinct from h.import
  returning r.*
)
insert into change (seq, at, project, kind, uid, name, op, object)
select resource_version, updated_at, project, kind, uid, name, 'MODIFIED', to_jsonb(written) from written`,
};
