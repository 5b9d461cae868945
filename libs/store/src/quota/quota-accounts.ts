/** Counters of a project: reading them, and proving them against the rows that they count. */
import type { ClaimMetric, QuotaCounter, QuotaDrift } from '@compute/domain';
import type pg from 'pg';
import type { Attributed } from '../commands.ts';
import { inTransaction, type Queryable, rowsOf } from '../connection.ts';
import type { QuotaLimits } from '../records.ts';
import { claimKeyOf, counterOf, defaultLimit } from './claim-keys.ts';
import type { QuotaRow } from './quota-ledger.ts';

/** What has a counter, what has a default of its own, and what else is asked for by claim key; in order. */
export async function readQuota(
  pool: Queryable,
  project: string,
  defaults: QuotaLimits,
  also: readonly string[],
): Promise<QuotaCounter[]> {
  const rows = await rowsOf<QuotaRow>(pool, READ_QUOTA, [project]);
  const counters = new Map(rows.map((row) => [claimKeyOf(row), toCounter(row)]));
  const named = Object.keys(defaults).filter((key) => !key.includes('*'));
  for (const key of [...named, ...also])
    if (!counters.has(key)) counters.set(key, { ...counterOf(key), limit: defaultLimit(defaults, key), used: 0 });
  return [...counters.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counter]) => counter);
}

/** Counters that differ from the sum over all rows. One statement sees one moment, so no writer is disturbed. */
export async function recountQuota(pool: pg.Pool, options: RecountOptions): Promise<QuotaDrift[]> {
  const drifts = await rowsOf<QuotaDrift>(pool, FIND_DRIFT, []);
  if (options.repair) for (const drift of drifts) await repair(pool, drift);
  if (options.by) await auditRecount(pool, options.by);
  return drifts;
}

/** `by`: who asks, for the audit log; absent for what runs by schedule. */
export interface RecountOptions {
  readonly repair: boolean;
  readonly by?: Attributed;
}

async function auditRecount(pool: pg.Pool, { actor, requestId, traceparent, origin }: Attributed): Promise<void> {
  const trace = traceparent?.split('-')[1] ?? null;
  const from = [origin?.face ?? null, origin?.address ?? null];
  await rowsOf(pool, AUDIT_RECOUNT, [`${actor.type}:${actor.id}`, requestId, trace, ...from]);
}

/** The counter is held first: whoever would change it waits, and the sum is taken after. */
async function repair(pool: pg.Pool, { project, scope, metric }: QuotaDrift): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await rowsOf(tx, HOLD_COUNTER, [project, scope, metric]);
    await rowsOf(tx, REPAIR_COUNTER, [project, scope, metric, claimKeyOf({ scope, metric })]);
  });
}

function toCounter({ scope, metric, limit_value: limit, used }: QuotaRow): QuotaCounter {
  return { scope, metric: metric as ClaimMetric, limit, used };
}

const READ_QUOTA = {
  name: 'read_quota',
  text: 'select project, scope, metric, limit_value, used from quota where project = $1',
};

const FIND_DRIFT = {
  name: 'find_quota_drift',
  text: `
with counted as (
  select r.project, regexp_replace(c.key, '/[^/]*$', '') as scope, split_part(c.key, '/', -1) as metric,
    sum(c.value::bigint)::bigint as used
  from resource r cross join lateral jsonb_each_text(r.claim) as c
  group by 1, 2, 3
)
select project, scope, metric, coalesce(c.used, 0) as counted, coalesce(q.used, 0) as stored
from counted c full join quota q using (project, scope, metric)
where coalesce(c.used, 0) <> coalesce(q.used, 0)
order by project, scope, metric`,
};

/** Of all projects: the line belongs to none. */
const AUDIT_RECOUNT = {
  text: `
insert into audit (at, project, actor, verb, kind, name, request_id, trace_id, face, address)
values (clock_timestamp(), '', $1, 'recount', 'Quota', '', $2, $3, $4, $5)`,
};

/** A counter that was lost comes back with the limit that its history last told. */
const HOLD_COUNTER = {
  name: 'hold_counter',
  text: `
insert into quota (project, scope, metric, used, limit_value, ceiling, overridden)
select $1, $2, $3, 0, told.limit_value, told.limit_value, coalesce(told.overridden, false)
from (select 1) as lost left join lateral (
  select limit_value, overridden from quota_history
  where project = $1 and scope = $2 and metric = $3 order by seq desc limit 1
) as told on true
on conflict (project, scope, metric) do update set used = quota.used`,
};

const REPAIR_COUNTER = {
  name: 'repair_counter',
  text: `
with counted as (
  select coalesce(sum((claim ->> $4)::bigint), 0)::bigint as used from resource where project = $1 and claim ? $4
)
update quota q set used = counted.used,
  ceiling = case when q.limit_value is null then null else greatest(q.limit_value, counted.used) end
from counted where (q.project, q.scope, q.metric) = ($1, $2, $3)`,
};
