/** The statements that write what goes with a change of a resource: history, quota, usage, attachments, requests. */
import type { Statement } from '../connection.ts';
import type { Batch } from './batch.ts';
import { columnsOf } from './columns.ts';

/** A statement, and its values; none when there is nothing to write. */
export interface Write {
  readonly statement: Statement;
  readonly values: unknown[] | undefined;
}

export function ledgerWrites(batch: Batch): Write[] {
  return [
    transitions(batch),
    outbox(batch),
    quotaChanged(batch),
    quotaAdded(batch),
    metersClosed(batch),
    metersOpened(batch),
    usageEvents(batch),
    attachmentsRemoved(batch),
    attachmentsLoosened(batch),
    attachmentsAdded(batch),
    operationsStarted(batch),
    operationsEnded(batch),
    idempotency(batch),
    audit(batch),
  ];
}

function write<T>(
  statement: Statement,
  rows: readonly T[],
  columns: readonly ((row: T) => unknown)[],
  first: unknown[] = [],
): Write {
  return { statement, values: rows.length === 0 ? undefined : [...first, ...columnsOf(rows, columns)] };
}

function transitions({ transitions: rows }: Batch): Write {
  const statement = {
    name: 'insert_transitions',
    text: `
insert into transition (uid, seq, kind, project, name, type, from_value, to_value, reason, message, actor, generation,
  at, recorded_at, trace_id)
select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::text[], $11::text[], $12::int[], $13::timestamptz[], $14::timestamptz[], $15::text[])`,
  };
  return write(statement, rows, [
    (row) => row.uid,
    (row) => row.seq,
    (row) => row.kind,
    (row) => row.project,
    (row) => row.name,
    (row) => row.type,
    (row) => row.from ?? null,
    (row) => row.to,
    (row) => row.reason,
    (row) => row.message,
    (row) => row.actor,
    (row) => row.generation,
    (row) => row.at,
    (row) => row.recordedAt,
    (row) => row.traceId ?? null,
  ]);
}

function outbox(batch: Batch): Write {
  const statement = {
    name: 'insert_outbox',
    text: `
insert into outbox (kind, uid, trace_parent, created_at)
select kind, uid, trace_parent, $1::timestamptz
from unnest($2::text[], $3::uuid[], $4::text[]) as i(kind, uid, trace_parent)`,
  };
  const columns = [(row: { kind: string }) => row.kind];
  return write(
    statement,
    batch.outbox(),
    [...columns, (row) => row.uid, (row) => row.traceparent ?? null],
    [batch.now],
  );
}

function quotaChanged({ quota }: Batch): Write {
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
function quotaAdded({ quota }: Batch): Write {
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

function metersClosed({ usage }: Batch): Write {
  const statement = {
    name: 'close_meters',
    text: `
delete from usage_open u using unnest($1::uuid[], $2::text[]) as i(uid, meter)
where (u.uid, u.meter) = (i.uid, i.meter)`,
  };
  return write(statement, usage.closed(), [(row) => row.uid, (row) => row.meter]);
}

function metersOpened({ usage }: Batch): Write {
  const statement = {
    name: 'open_meters',
    text: `
insert into usage_open (uid, meter, project, kind, name, dimensions, opened_at)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[])`,
  };
  return write(statement, usage.opened(), [
    (row) => row.uid,
    (row) => row.meter,
    (row) => row.project,
    (row) => row.kind,
    (row) => row.name,
    (row) => JSON.stringify(row.dimensions),
    (row) => row.opened_at,
  ]);
}

/** An interval that is there already is the same interval: its id says so. */
export const INSERT_USAGE_EVENTS: Statement = {
  name: 'insert_usage_events',
  text: `
insert into usage_event (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, recorded_at)
select id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, $1::timestamptz
from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[], $9::timestamptz[],
  $10::timestamptz[], $11::bigint[]) as i(id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms)
on conflict (id) do nothing`,
};

export function usageEventValues(rows: ReturnType<Batch['usage']['events']>, recordedAt: Date): unknown[] {
  const columns = columnsOf(rows, [
    (row) => row.id,
    (row) => row.project,
    (row) => row.meter,
    (row) => row.uid,
    (row) => row.kind,
    (row) => row.name,
    (row) => JSON.stringify(row.dimensions),
    (row) => row.from,
    (row) => row.to,
    (row) => row.to.getTime() - row.from.getTime(),
  ]);
  return [recordedAt, ...columns];
}

function usageEvents({ usage, now }: Batch): Write {
  const events = usage.events();
  return {
    statement: INSERT_USAGE_EVENTS,
    values: events.length === 0 ? undefined : usageEventValues(events, now),
  };
}

function attachmentsRemoved({ attachments }: Batch): Write {
  const statement = {
    name: 'delete_attachments',
    text: `
delete from disk_attachment a using unnest($1::uuid[], $2::text[]) as i(vm_uid, disk_name)
where (a.vm_uid, a.disk_name) = (i.vm_uid, i.disk_name)`,
  };
  return write(statement, attachments.removed(), [(row) => row.vmUid, (row) => row.disk]);
}

function attachmentsLoosened({ attachments }: Batch): Write {
  const statement = {
    name: 'loosen_attachments',
    text: `
update disk_attachment a set exclusive = false from unnest($1::uuid[], $2::text[]) as i(vm_uid, disk_name)
where (a.vm_uid, a.disk_name) = (i.vm_uid, i.disk_name)`,
  };
  return write(statement, attachments.loosened(), [(row) => row.vmUid, (row) => row.disk]);
}

function attachmentsAdded({ attachments }: Batch): Write {
  const statement = {
    name: 'insert_attachments',
    text: `
insert into disk_attachment (project, disk_name, vm_uid, exclusive)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::boolean[]) as i(project, disk_name, vm_uid, exclusive)
order by project, disk_name, vm_uid`,
  };
  return write(statement, attachments.added(), [
    (row) => row.project,
    (row) => row.disk,
    (row) => row.vmUid,
    (row) => row.exclusive,
  ]);
}

function operationsStarted({ operations }: Batch): Write {
  const statement = {
    name: 'insert_operations',
    text: `
insert into operation (id, project, kind, uid, name, verb, generation, created_at, done_at, request_id)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::int[],
  $8::timestamptz[], $9::timestamptz[], $10::text[])`,
  };
  return write(statement, operations, [
    (row) => row.id,
    (row) => row.project,
    (row) => row.kind,
    (row) => row.uid,
    (row) => row.name,
    (row) => row.verb,
    (row) => row.generation,
    (row) => row.createdAt,
    (row) => row.doneAt ?? null,
    (row) => row.requestId,
  ]);
}

function operationsEnded({ operationEnds, now }: Batch): Write {
  const statement = {
    name: 'end_operations',
    text: `
update operation o set done_at = $1::timestamptz, error = i.error
from unnest($2::uuid[], $3::int[], $4::jsonb[], $5::text[]) as i(uid, generation, error, verbs)
where o.uid = i.uid and o.done_at is null and o.generation <= i.generation
  and o.verb = any(string_to_array(i.verbs, ','))`,
  };
  return write(
    statement,
    operationEnds,
    [
      (row) => row.uid,
      (row) => row.generation,
      (row) => (row.error ? JSON.stringify(row.error) : null),
      (row) => row.verbs.join(','),
    ],
    [now],
  );
}

/** After the resources were written: the answer is the row as it then stands. */
function idempotency({ addedIdempotency, now }: Batch): Write {
  const statement = {
    name: 'insert_idempotency',
    text: `
insert into idempotency (project, key, request_hash, verb, uid, operation_id, resource_version, created_at)
select i.project, i.key, i.request_hash, i.verb, i.uid, i.operation_id, r.resource_version, $1::timestamptz
from unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::uuid[], $7::uuid[])
  as i(project, key, request_hash, verb, uid, operation_id)
join resource r on r.uid = i.uid
order by i.project, i.key`,
  };
  return write(
    statement,
    addedIdempotency,
    [
      (row) => row.project,
      (row) => row.key,
      (row) => Buffer.from(row.requestHash),
      (row) => row.verb,
      (row) => row.uid,
      (row) => row.operationId ?? null,
    ],
    [now],
  );
}

function audit({ audit: rows, now }: Batch): Write {
  const statement = {
    name: 'insert_audit',
    text: `
insert into audit (at, project, actor, verb, kind, name, uid, request_id, trace_id)
select $1::timestamptz, i.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
  $8::text[], $9::text[]) as i`,
  };
  return write(
    statement,
    rows,
    [
      (row) => row.resource.project,
      (row) => `${row.actor.type}:${row.actor.id}`,
      (row) => row.verb,
      (row) => row.resource.kind,
      (row) => row.resource.name,
      (row) => row.resource.uid,
      (row) => row.requestId ?? '',
      (row) => row.traceparent?.split('-')[1] ?? null,
    ],
    [now],
  );
}
