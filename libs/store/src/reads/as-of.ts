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

export const BY_NAME_AS_OF: Statement = {
  name: 'resource_as_of',
  text: `
select ${RESOURCE_COLUMNS} from (
  (select 1 as choice, o.* from past_state p cross join lateral jsonb_populate_record(null::resource, p.object) as o
   where p.project = $1 and p.kind = $2 and p.name = $3 and p.at > $4::timestamptz order by p.at, p.version limit 1)
  union all
  (select 2, r.* from resource r where r.project = $1 and r.kind = $2 and r.name = $3)
  order by choice limit 1
) as found where created_at <= $4::timestamptz`,
};

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
