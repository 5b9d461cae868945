/**
 * Reading the past: resources as they would have been read at an instant, deleted ones among them.
 *
 * A state is kept with the time at which it ended. So the state at a time is the first of its name that ended later, or,
 * where none did, the row as it is; and it was there when its resource had been created by then.
 */
import { type AnyResource, Fault } from '@compute/domain';
import type pg from 'pg';
import { rowsOf, type Statement } from '../connection.ts';
import { RESOURCE_COLUMNS } from '../resource-row.ts';

/** How far ahead of ours a caller's clock may be. */
const CLOCK_TOLERANCE_MS = 5_000;

/** Columns that a past state has beside its object: what stands there can be found by an index. */
const OWN_COLUMNS = new Set(['uid', 'kind', 'project', 'name', 'created_at']);

/**
 * Every row of a project and kind as of a time, as a table with the columns of `resource`; `$1` is the project, `$2`
 * the kind, `asOf` the parameter with the time. A name is on its first state that ended later, or in `resource`.
 */
export function rowsAsOf(asOf: string): string {
  const columns = RESOURCE_COLUMNS.split(',').map((column) => column.trim());
  const then = columns.map((column) => (OWN_COLUMNS.has(column) ? `p.${column}` : `o.${column}`));
  return `(
  select ${then.join(', ')}
  from (
    select distinct on (name) project, kind, name, uid, created_at, object from past_state
    where project = $1 and kind = $2 and at > ${asOf} order by name, at, version
  ) as p cross join lateral jsonb_populate_record(null::resource, p.object) as o
  where p.created_at <= ${asOf}
  union all
  select ${columns.map((column) => `r.${column}`).join(', ')} from resource r
  where r.project = $1 and r.kind = $2 and r.created_at <= ${asOf} and not exists (
    select 1 from past_state p where p.project = $1 and p.kind = $2 and p.name = r.name and p.at > ${asOf}
  )
)`;
}

/** The row that had a name, whether or not it was there already: its first state that ended later, else the present one. */
const rowOfName = (name: string, asOf: string): string => `(
  (select 1 as choice, o.* from past_state p cross join lateral jsonb_populate_record(null::resource, p.object) as o
   where p.project = $1 and p.kind = $2 and p.name = ${name} and p.at > ${asOf} order by p.at, p.version limit 1)
  union all
  (select 2, r.* from resource r where r.project = $1 and r.kind = $2 and r.name = ${name})
  order by choice limit 1
)`;

export const BY_NAME_AS_OF: Statement = {
  name: 'resource_as_of',
  text: `
select ${RESOURCE_COLUMNS} from ${rowOfName('$3', '$4::timestamptz')} as found where created_at <= $4::timestamptz`,
};

/**
 * Begins a statement with a walk from name to name, and goes on as `from` a table with the columns of `resource`: the
 * rows as of a time in the order of their names, beginning after `after`. A limit ends the walk, so that a page costs
 * what its own names cost, not what the project has.
 */
export function walkAsOf(asOf: string, { after, descending }: { after: string | undefined; descending: boolean }) {
  const [sign, order] = descending ? ['<', 'name desc'] : ['>', 'name'];
  const next = (from: string | undefined): string => {
    const beyond = from === undefined ? '' : `and name ${sign} ${from}`;
    return `(
    select name from (
      (select name from past_state where project = $1 and kind = $2 and at > ${asOf} ${beyond} order by ${order} limit 1)
      union all
      (select name from resource where project = $1 and kind = $2 ${beyond} order by ${order} limit 1)
    ) as either order by ${order} limit 1
  )`;
  };
  return {
    begin: `with recursive walk (name) as (
  select first.name from ${next(after)} as first
  union all
  select following.name from walk cross join lateral ${next('walk.name')} as following
)`,
    rows: `walk cross join lateral ${rowOfName('walk.name', asOf)}`,
  };
}

/**
 * Throws `InvalidArgument` when states of that time are not all kept, naming the earliest that are, or when it is still
 * to come. To be called after reading: a drop in between is noticed.
 */
export async function refuseUnknownPast(pool: pg.Pool, asOf: Date): Promise<void> {
  const [known] = await rowsOf<{ since: Date; now: Date }>(pool, KNOWN, []);
  if (!known) throw new Fault('Internal', 'Nobody knows since when the past is kept.');
  if (asOf < known.since) refuse('too_old', `The past is known since ${known.since.toISOString()}.`);
  if (asOf.getTime() > known.now.getTime() + CLOCK_TOLERANCE_MS)
    refuse('out_of_range', `It is ${known.now.toISOString()}: what comes is not known.`);
}

function refuse(code: string, message: string): never {
  throw new Fault('InvalidArgument', message, { fields: [{ pointer: '/asOf', code, message }] });
}

/**
 * A resource as it can be told of for that time. How far an import was is written in place: where it moved on after
 * that time, how far it had been is not known, and not shown.
 */
export function asKnownThen<R extends AnyResource>(resource: R, asOf: Date): R {
  if (resource.updatedAt === undefined || resource.updatedAt <= asOf) return resource;
  const { updatedAt: _later, ...then } = resource as AnyResource;
  if (then.kind !== 'VMDisk') return then as R;
  const { import: _moved, ...status } = then.status;
  return { ...then, status } as AnyResource as R;
}

const KNOWN: Statement = {
  name: 'past_known',
  text: `select at as since, date_trunc('milliseconds', clock_timestamp()) as now from past_floor`,
};
