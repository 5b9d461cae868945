/**
 * Setting limits, by an administrator or by the configured defaults, with a line of history for each limit that changed
 * and for each threshold that use has thereby reached. A limit below use stops growth and takes nothing away.
 */
import { Fault, type QuotaCounter } from '@compute/domain';
import type pg from 'pg';
import type { Attributed } from '../commands.ts';
import { inTransaction, rowsOf } from '../connection.ts';
import { FEED_LOCK, SHARE_FEED } from '../locks.ts';
import type { QuotaLimits } from '../records.ts';
import { keepUnless, resultOf } from '../rehearsal.ts';
import { type CounterName, claimKeyOf, counterOf, defaultLimit } from './claim-keys.ts';
import { readQuota } from './quota-accounts.ts';
import type { QuotaRow } from './quota-ledger.ts';

interface LimitRow extends QuotaRow {
  readonly overridden: boolean;
}

interface NewLimit extends CounterName {
  readonly project: string;
  readonly limitBefore: number | null;
  readonly limit: number | null;
  readonly overriddenBefore: boolean;
  readonly overridden: boolean;
}

/** Who changes limits when the configuration does. */
const CONFIGURATION: Attributed = { actor: { type: 'system', id: 'configuration' }, requestId: '' };

/** Sets the limits that are named; all others return to their defaults. Throws `InvalidArgument`, `NotFound`. */
export async function setQuota(
  pool: pg.Pool,
  project: string,
  limits: QuotaLimits,
  { defaults, by, dryRun }: { readonly defaults: QuotaLimits; readonly by: Attributed; readonly dryRun?: boolean },
): Promise<QuotaCounter[]> {
  for (const [key, limit] of Object.entries(limits)) refuseBadLimit(key, limit);
  const transaction = inTransaction(pool, async (tx) => {
    const [, rows, projects] = await Promise.all([
      rowsOf(tx, SHARE_FEED, [FEED_LOCK]),
      rowsOf<LimitRow>(tx, LOCK_PROJECT_QUOTA, [project]),
      rowsOf(tx, PROJECT_EXISTS, [project]),
    ]);
    if (projects.length === 0) throw new Fault('NotFound', `There is no project '${project}'.`);
    await writeLimits(tx, newLimits(project, rows, limits, defaults), by);
    await rowsOf(tx, AUDIT_QUOTA, [project, ...requestOf(by), by.origin?.face ?? null, by.origin?.address ?? null]);
    return keepUnless(dryRun, await readQuota(tx, project, defaults, []));
  });
  return resultOf(transaction);
}

/** Makes counters that nobody set a limit of follow the present defaults. Returns how many limits changed. */
export async function followDefaults(pool: pg.Pool, defaults: QuotaLimits): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const [, rows] = await Promise.all([
      rowsOf(tx, SHARE_FEED, [FEED_LOCK]),
      rowsOf<LimitRow>(tx, LOCK_DEFAULTED_QUOTA, []),
    ]);
    const changed = rows
      .map((row) => newLimit(row.project, claimKeyOf(row), row, {}, defaults))
      .filter(({ limit, limitBefore }) => limit !== limitBefore);
    await writeLimits(tx, changed, CONFIGURATION);
    return changed.length;
  });
}

function newLimits(
  project: string,
  rows: readonly LimitRow[],
  limits: QuotaLimits,
  defaults: QuotaLimits,
): readonly NewLimit[] {
  const stored = new Map(rows.map((row) => [claimKeyOf(row), row]));
  const keys = [...new Set([...stored.keys(), ...Object.keys(limits)])].sort();
  return keys.map((key) => newLimit(project, key, stored.get(key), limits, defaults));
}

function newLimit(
  project: string,
  key: string,
  stored: LimitRow | undefined,
  limits: QuotaLimits,
  defaults: QuotaLimits,
): NewLimit {
  // Null is a limit that was named (unlimited); only what is not named falls back.
  const overridden = key in limits;
  const fallback = defaultLimit(defaults, key);
  return {
    ...counterOf(key),
    project,
    limitBefore: stored ? stored.limit_value : fallback,
    limit: overridden ? (limits[key] ?? null) : fallback,
    overriddenBefore: stored?.overridden ?? false,
    overridden,
  };
}

async function writeLimits(tx: pg.PoolClient, limits: readonly NewLimit[], by: Attributed): Promise<void> {
  const columns = (rows: readonly NewLimit[]) => [
    rows.map(({ project }) => project),
    rows.map(({ scope }) => scope),
    rows.map(({ metric }) => metric),
    rows.map(({ limitBefore }) => limitBefore),
    rows.map(({ limit }) => limit),
    rows.map(({ overridden }) => overridden),
  ];
  const changed = limits.filter((one) => one.limit !== one.limitBefore || one.overridden !== one.overriddenBefore);
  if (limits.length > 0) await rowsOf(tx, SET_LIMITS, columns(limits));
  if (changed.length > 0) await rowsOf(tx, RECORD_LIMITS, [...columns(changed), ...requestOf(by)]);
}

/** Actor, request id, trace id. */
function requestOf({ actor, requestId, traceparent }: Attributed): (string | null)[] {
  return [`${actor.type}:${actor.id}`, requestId, traceparent?.split('-')[1] ?? null];
}

function refuseBadLimit(key: string, limit: number | null): void {
  const isKey = /^(external|[a-z]+:[A-Za-z0-9-]+)\/[A-Za-z]+$/.test(key);
  if (!isKey || (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0)))
    throw new Fault('InvalidArgument', `The limit of ${key} must be a whole number from 0 or unlimited.`);
}

const LOCK_PROJECT_QUOTA = {
  name: 'lock_project_quota',
  text: `
select project, scope, metric, limit_value, used, overridden from quota where project = $1
order by project, scope, metric for no key update`,
};

const LOCK_DEFAULTED_QUOTA = {
  text: `
select project, scope, metric, limit_value, used, overridden from quota where not overridden
order by project, scope, metric for no key update`,
};

const PROJECT_EXISTS = { name: 'project_exists', text: 'select 1 from project where name = $1' };

const SET_LIMITS = {
  name: 'set_limits',
  text: `
insert into quota as q (project, scope, metric, limit_value, used, ceiling, overridden)
select project, scope, metric, limit_value, 0, limit_value, overridden
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[])
  as i(project, scope, metric, limit_before, limit_value, overridden)
order by project, scope, metric
on conflict (project, scope, metric) do update set limit_value = excluded.limit_value, overridden = excluded.overridden,
  ceiling = case when excluded.limit_value is null then null else greatest(excluded.limit_value, q.used) end`,
};

/** After the limits were set: use is what it is now. */
const RECORD_LIMITS = {
  name: 'record_limits',
  text: `
with changed as (
  select i.*, q.used
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[])
    as i(project, scope, metric, limit_before, limit_value, overridden)
  join quota q using (project, scope, metric)
), lines as (
  select c.*, 'LimitChanged' as type, null::smallint as threshold from changed c
  union all
  select c.*, 'ThresholdReached', quota_level(c.used, c.limit_value) from changed c
  where quota_level(c.used, c.limit_value) > quota_level(c.used, c.limit_before)
)
insert into quota_history (at, project, scope, metric, type, threshold, limit_before, limit_value, overridden, used,
  actor, request_id, trace_id)
select clock_timestamp(), project, scope, metric, type, threshold,
  case when type = 'LimitChanged' then limit_before end, limit_value, overridden, used, $7, $8, $9
from lines order by project, scope, metric, type`,
};

const AUDIT_QUOTA = {
  name: 'audit_quota',
  text: `
insert into audit (at, project, actor, verb, kind, name, request_id, trace_id, face, address)
values (now(), $1, $2, 'set', 'Quota', $1, $3, $4, $5, $6)`,
};
