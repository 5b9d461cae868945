/** Counters: sums of what the commands of a batch took and gave back. */
import type { Batch } from './batch.ts';
import { type Write, write } from './write.ts';

export function quotaChanged({ quota }: Batch): Write {
  const statement = {
    name: 'update_quota',
    text: `
update quota q
set used = q.used + i.difference,
  ceiling = case when q.limit_value is null then null
    when i.difference > 0 and not i.beyond then q.ceiling
    else greatest(q.limit_value, q.used + i.difference) end
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])
  as i(project, scope, metric, difference, beyond)
where (q.project, q.scope, q.metric) = (i.project, i.scope, i.metric)`,
  };
  return write(statement, quota.changed(), [
    (row) => row.project,
    (row) => row.scope,
    (row) => row.metric,
    (row) => row.difference,
    (row) => row.beyond,
  ]);
}

/** Two writers may make the same counter at once; then the check on the ceiling decides. */
export function quotaAdded({ quota }: Batch): Write {
  const statement = {
    name: 'insert_quota',
    text: `
insert into quota as q (project, scope, metric, limit_value, used, ceiling)
select project, scope, metric, limit_value, used,
  case when limit_value is null or not beyond then limit_value else greatest(limit_value, used) end
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::boolean[])
  as i(project, scope, metric, used, limit_value, beyond)
order by project, scope, metric
on conflict (project, scope, metric) do update set used = q.used + excluded.used,
  ceiling = case when excluded.ceiling > excluded.limit_value then greatest(q.limit_value, q.used + excluded.used)
    else q.ceiling end`,
  };
  return write(statement, quota.added(), [
    (row) => row.project,
    (row) => row.scope,
    (row) => row.metric,
    (row) => row.difference,
    (row) => row.limit,
    (row) => row.beyond,
  ]);
}

/**
 * Thresholds that the batch reached. After the counters: it compares what they are now, whoever else added to a counter
 * that was not there when this batch was decided.
 */
export function quotaThresholds({ quota, now }: Batch): Write {
  const statement = {
    name: 'insert_quota_thresholds',
    text: `
insert into quota_history (at, project, scope, metric, type, threshold, limit_value, overridden, used, actor,
  request_id, trace_id)
select $1::timestamptz, q.project, q.scope, q.metric, 'ThresholdReached', quota_level(q.used, q.limit_value),
  q.limit_value, q.overridden, q.used, i.actor, i.request_id, i.trace_id
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
  as i(project, scope, metric, difference, actor, request_id, trace_id)
join quota q using (project, scope, metric)
where quota_level(q.used, q.limit_value) > quota_level(q.used - i.difference, q.limit_value)
order by q.project, q.scope, q.metric`,
  };
  return write(
    statement,
    quota.risen(),
    [
      (row) => row.project,
      (row) => row.scope,
      (row) => row.metric,
      (row) => row.difference,
      ({ grownBy }) => (grownBy ? `${grownBy.actor.type}:${grownBy.actor.id}` : ''),
      ({ grownBy }) => grownBy?.requestId ?? '',
      ({ grownBy }) => grownBy?.traceparent?.split('-')[1] ?? null,
    ],
    [now],
  );
}
