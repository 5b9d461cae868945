/** Limits and counters of a project: reading, setting, and proving the counters against the rows they count. */
import { type ClaimMetric, Fault } from '@compute/domain';
import type pg from 'pg';
import type { Attributed } from '../commands.ts';
import { inTransaction, type Queryable, rowsOf } from '../connection.ts';
import type { QuotaCounter, QuotaDrift, QuotaLimits } from '../records.ts';
import { keepUnless, resultOf } from '../rehearsal.ts';
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

/** Sets the limits that are named; all others return to their defaults. Throws `InvalidArgument`, `NotFound`. */
export async function setQuota(
  pool: pg.Pool,
  project: string,
  limits: QuotaLimits,
  { defaults, by, dryRun }: { readonly defaults: QuotaLimits; readonly by: Attributed; readonly dryRun?: boolean },
): Promise<QuotaCounter[]> {
  for (const [key, limit] of Object.entries(limits)) refuseBadLimit(key, limit);
  const transaction = inTransaction(pool, async (tx) => {
    const [rows, projects] = await Promise.all([
      rowsOf<QuotaRow>(tx, LOCK_PROJECT_QUOTA, [project]),
      rowsOf(tx, PROJECT_EXISTS, [project]),
    ]);
    if (projects.length === 0) throw new Fault('NotFound', `There is no project '${project}'.`);
    const keys = [...new Set([...rows.map(claimKeyOf), ...Object.keys(limits)])].sort();
    const counters = keys.map((key) => ({
      ...counterOf(key),
      limit: limits[key] ?? limitLeftOut(key, limits, defaults),
    }));
    await rowsOf(tx, SET_LIMITS, [
      project,
      counters.map(({ scope }) => scope),
      counters.map(({ metric }) => metric),
      counters.map(({ limit }) => limit),
    ]);
    await rowsOf(tx, AUDIT_QUOTA, [project, `${by.actor.type}:${by.actor.id}`, ...requestOf(by)]);
    return keepUnless(dryRun, await readQuota(tx, project, defaults, []));
  });
  return resultOf(transaction);
}

function requestOf({ requestId, traceparent, origin }: Attributed): (string | null)[] {
  return [requestId, traceparent?.split('-')[1] ?? null, origin?.face ?? null, origin?.address ?? null];
}

/** Null is a limit that was named (unlimited); only what is not named falls back. */
function limitLeftOut(key: string, limits: QuotaLimits, defaults: QuotaLimits): number | null {
  return key in limits ? null : defaultLimit(defaults, key);
}

function refuseBadLimit(key: string, limit: number | null): void {
  const isKey = /^(external|[a-z]+:[A-Za-z0-9-]+)\/[A-Za-z]+$/.test(key);
  if (!isKey || (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0)))
    throw new Fault('InvalidArgument', `The limit of ${key} must be a whole number from 0 or unlimited.`);
}

/** Counters that differ from the sum over all rows. One statement sees one moment, so no writer is disturbed. */
export async function recountQuota(pool: pg.Pool, options: { repair: boolean }): Promise<QuotaDrift[]> {
  const drifts = await rowsOf<QuotaDrift>(pool, FIND_DRIFT, []);
  if (options.repair) for (const drift of drifts) await repair(pool, drift);
  return drifts;
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

const LOCK_PROJECT_QUOTA = {
  name: 'lock_project_quota',
  text: `
select project, scope, metric, limit_value, used from quota where project = $1
order by project, scope, metric for no key update`,
};

const PROJECT_EXISTS = { name: 'project_exists', text: 'select 1 from project where name = $1' };

const SET_LIMITS = {
  name: 'set_limits',
  text: `
insert into quota as q (project, scope, metric, limit_value, used, ceiling)
select $1, scope, metric, limit_value, 0, limit_value
from unnest($2::text[], $3::text[], $4::bigint[]) as i(scope, metric, limit_value)
order by scope, metric
on conflict (project, scope, metric) do update set limit_value = excluded.limit_value,
  ceiling = case when excluded.limit_value is null then null else greatest(excluded.limit_value, q.used) end`,
};

const AUDIT_QUOTA = {
  name: 'audit_quota',
  text: `
insert into audit (at, project, actor, verb, kind, name, request_id, trace_id, face, address)
values (now(), $1, $2, 'set', 'Quota', $1, $3, $4, $5, $6)`,
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

const HOLD_COUNTER = {
  name: 'hold_counter',
  text: `
insert into quota (project, scope, metric, used) values ($1, $2, $3, 0)
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
