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
    when i.difference > 0 then q.ceiling
    else greatest(q.limit_value, q.used + i.difference) end
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as i(project, scope, metric, difference)
where (q.project, q.scope, q.metric) = (i.project, i.scope, i.metric)`,
  };
  return write(statement, quota.changed(), [
    (row) => row.project,
    (row) => row.scope,
    (row) => row.metric,
    (row) => row.difference,
  ]);
}

/** Two writers may make the same counter at once; then the check on the ceiling decides. */
export function quotaAdded({ quota }: Batch): Write {
  const statement = {
    name: 'insert_quota',
    text: `
insert into quota as q (project, scope, metric, limit_value, used, ceiling)
select project, scope, metric, limit_value, used, limit_value
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) as i(project, scope, metric, used, limit_value)
order by project, scope, metric
on conflict (project, scope, metric) do update set used = q.used + excluded.used`,
  };
  return write(statement, quota.added(), [
    (row) => row.project,
    (row) => row.scope,
    (row) => row.metric,
    (row) => row.difference,
    (row) => row.limit,
  ]);
}
