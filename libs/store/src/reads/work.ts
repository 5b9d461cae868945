/** What workers take from the store: wake-ups that were written with a change, and rows whose time has come. */
import type { Kind } from '@compute/domain';
import type pg from 'pg';
import type { ProgressEntry, ResourcePoke } from '../commands.ts';
import { countOf, inTransaction, rowsOf } from '../connection.ts';
import { FEED_LOCK, SHARE_FEED, SWEEP_LOCK } from '../locks.ts';

interface OutboxRow {
  readonly id: number;
  readonly kind: Kind;
  readonly uid: string;
  readonly trace_parent: string | null;
  readonly created_at: Date;
}

/**
 * Claims up to `limit` entries, in turns among the lanes and oldest first within one, hands them to `send` and deletes them when it resolves. Rejects, keeping them, when it
 * rejects. Others skip what is claimed. With `cluster` only what belongs to projects that are placed there, and what is left of projects
 * that are gone. Returns how many there were.
 */
export async function claimOutbox(
  pool: pg.Pool,
  limit: number,
  send: (pokes: readonly ResourcePoke[]) => Promise<void>,
  cluster?: string,
): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const rows = await rowsOf<OutboxRow>(tx, CLAIM_OUTBOX, [limit, cluster ?? null]);
    if (rows.length === 0) return 0;
    await send(rows.map(toPoke));
    await countOf(tx, DELETE_OUTBOX, [rows.map(({ id }) => id)]);
    return rows.length;
  });
}

/**
 * Puts up to `limit` rows whose time has come into the outbox, the longest overdue first, except those that wait there.
 * A row stays due until somebody looked at it. Returns how many; 0 while another process does the same.
 */
export async function wakeDue(pool: pg.Pool, limit: number): Promise<number> {
  return countOf(pool, WAKE_DUE, [limit, SWEEP_LOCK]);
}

/** Puts every resource there is into the outbox, except those that wait there. Returns how many. */
export async function wakeAll(pool: pg.Pool): Promise<number> {
  return countOf(pool, WAKE_ALL, []);
}

/** Puts one resource into the outbox, among the wishes of its project; unless it waits there. */
export async function wakeOne(pool: pg.Pool, uid: string): Promise<void> {
  await countOf(pool, WAKE_ONE, [uid]);
}

/** Those of the uids that no resource has, in their order. A text that is no uid is one that nobody has. */
export async function uidsWithoutRow(pool: pg.Pool, uids: readonly string[]): Promise<string[]> {
  const rows = await rowsOf<{ uid: string }>(pool, WITH_ROW, [uids.filter((uid) => UID.test(uid))]);
  const known = new Set(rows.map(({ uid }) => uid));
  return uids.filter((uid) => !known.has(uid));
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
  const values = [
    last.map(({ uid }) => uid),
    last.map((entry) => JSON.stringify(entry.import)),
    last.map(({ nextLookAfterMs }) => nextLookAfterMs ?? null),
  ];
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
with recursive lane (name, head) as (
  (select o.lane, o.id from outbox o order by o.lane, o.id limit 1)
  union all
  select next.lane, next.id
  from lane cross join lateral (
    select o.lane, o.id from outbox o where o.lane > lane.name order by o.lane, o.id limit 1
  ) as next
), turn as materialized (
  select name from lane
  where $2::text is null
    or not exists (select 1 from project p where p.name = split_part(lane.name, '/', 1) and p.cluster_id <> $2)
  order by head limit $1
), claimed as materialized (
  select one.*
  from turn cross join lateral (
    select o.id, o.lane, o.kind, o.uid, o.trace_parent, o.created_at from outbox o
    where o.lane = turn.name order by o.id limit greatest(1, $1 / (select count(*) from turn))
    for update skip locked
  ) as one
)
select id, kind, uid, trace_parent, created_at from claimed
order by row_number() over (partition by lane order by id), id`,
};

const DELETE_OUTBOX = { name: 'delete_outbox', text: 'delete from outbox where id = any($1::bigint[])' };

const INSERT_AGAIN = 'insert into outbox (kind, uid, lane, created_at)';
/** Looks that nobody asked for wait in a lane beside the wishes of their project. */
const AGAIN = `r.kind, r.uid, r.project || '/again', now()`;
const WAITS_NOT = 'not exists (select 1 from outbox o where o.uid = r.uid)';

const WAKE_DUE = {
  name: 'wake_due',
  text: `
with turn as materialized (select pg_try_advisory_xact_lock($2) as mine)
${INSERT_AGAIN}
select ${AGAIN} from turn cross join resource r
where turn.mine and r.next_look_at <= now() and ${WAITS_NOT}
order by r.next_look_at limit $1`,
};

const WAKE_ALL = { name: 'wake_all', text: `${INSERT_AGAIN} select ${AGAIN} from resource r where ${WAITS_NOT}` };

const WAKE_ONE = {
  name: 'wake_one',
  text: `${INSERT_AGAIN} select r.kind, r.uid, r.project, now() from resource r where r.uid = $1 and ${WAITS_NOT}`,
};

const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WITH_ROW = { name: 'uids_with_row', text: 'select uid from resource where uid = any($1::uuid[])' };

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
  select uid, import, look_ms from unnest($1::uuid[], $2::jsonb[], $3::float8[]) as i(uid, import, look_ms)
), held as (
  select r.uid, i.import, i.look_ms, nextval('change_seq_seq') as seq
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
    updated_at = date_trunc('milliseconds', clock_timestamp()),
    next_look_at = coalesce(now() + make_interval(secs => h.look_ms / 1000), r.next_look_at),
    attempts = case when h.look_ms is null then r.attempts else 0 end
  from held h
  where r.uid = h.uid and r.status -> 'import' is distinct from h.import
  returning r.*
)
insert into change (seq, at, project, kind, uid, name, op, object)
select resource_version, updated_at, project, kind, uid, name, 'MODIFIED', to_jsonb(written) from written`,
};
