/**
 * Who holds what of a project's quota, read from the rows themselves: the sums are the counters.
 *
 * `reserved` is the part of what is held that nothing stands behind yet. Of a resource that still waits (`Pending`) that
 * is everything. Of a machine it is what it holds beyond its present spec: the room that a change of size keeps until
 * the machine really has become the new one.
 */
import { type ClaimMetric, Fault, type Kind, type QuotaHolder } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { Page, QuotaHoldersQuery } from '../records.ts';
import { counterOf } from './claim-keys.ts';

interface HolderRow {
  readonly kind: Kind;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly created_at: Date;
  /** `[key, held, reserved]` in the order of keys. */
  readonly claims: readonly (readonly [string, number, number])[];
}

/** By claim key, without those of which nothing is reserved. */
export async function readReserved(pool: pg.Pool, project: string): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ key: string; reserved: number }>(pool, READ_RESERVED, [project]);
  return new Map(rows.map(({ key, reserved }) => [key, reserved]));
}

/** By kind and name. Throws `InvalidArgument` for a cursor that is not one. */
export async function readHolders(pool: pg.Pool, query: QuotaHoldersQuery): Promise<Page<QuotaHolder>> {
  const limit = clampLimit(query.limit);
  const [kind, name] = query.after === undefined ? ['', ''] : parseCursor(query.after);
  const { project, scope = null, metric = null } = query;
  const rows = await rowsOf<HolderRow>(pool, READ_HOLDERS, [project, kind, name, scope, metric, limit + 1]);
  const items = rows.slice(0, limit).map(holderOf);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: `${last.kind}/${last.name}` } : { items };
}

function holderOf({ created_at: createdAt, claims, ...row }: HolderRow): QuotaHolder {
  const held = claims.map(([key, amount, reserved]) => {
    const { scope, metric } = counterOf(key);
    return { scope, metric: metric as ClaimMetric, held: amount, reserved };
  });
  return { ...row, createdAt, claims: held };
}

function parseCursor(cursor: string): [kind: string, name: string] {
  const [, kind, name] = /^([A-Za-z]+)\/([a-z0-9-]+)$/.exec(cursor) ?? [];
  if (kind === undefined || name === undefined)
    throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  return [kind, name];
}

/** What the present spec of row `r` needs of key `c.key`; `neededClaim` says the same for one row. Disks hold no more than they need. */
const NEEDED = `case
    when c.key like 'series:%' and c.key not like 'series:' || (r.status #>> '{instanceType,series}') || '/%' then 0
    when c.key like '%/vcpus' then (r.status #>> '{instanceType,vcpu}')::bigint
    when c.key like '%/memoryMib' then (r.status #>> '{instanceType,memoryMib}')::bigint
    when c.key = 'external/ips' then ((r.spec ->> 'external')::boolean)::int::bigint
    else c.value::bigint end`;

const RESERVED = `case
    when r.phase = 'Pending' then c.value::bigint
    when r.kind = 'VMInstance' then greatest(0, c.value::bigint - (${NEEDED}))
    else 0 end`;

const READ_RESERVED = {
  name: 'read_quota_reserved',
  text: `
select c.key, sum(${RESERVED})::bigint as reserved
from resource r cross join lateral jsonb_each_text(r.claim) as c
where r.project = $1
group by c.key having sum(${RESERVED}) > 0`,
};

const READ_HOLDERS = {
  name: 'read_quota_holders',
  text: `
select r.kind, r.name, r.uid, r.phase, r.created_at, held.claims
from resource r cross join lateral (
  select jsonb_agg(jsonb_build_array(c.key, c.value::bigint, ${RESERVED}) order by c.key) as claims
  from jsonb_each_text(r.claim) as c
  where ($4::text is null or c.key like $4 || '/%') and ($5::text is null or c.key like '%/' || $5)
) as held
where r.project = $1 and (r.kind, r.name) > ($2, $3) and held.claims is not null
order by r.kind, r.name limit $6`,
};
