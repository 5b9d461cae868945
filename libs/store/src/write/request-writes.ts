/** What a request leaves behind: operations, idempotency keys, audit. */
import type { Batch } from './batch.ts';
import { type Write, write } from './write.ts';

export function operationsStarted({ operations }: Batch): Write {
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

export function operationsEnded({ operationEnds, now }: Batch): Write {
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
export function idempotency({ addedIdempotency, now }: Batch): Write {
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

export function audit({ audit: rows, now }: Batch): Write {
  return write(
    INSERT_AUDIT,
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
      (row) => row.origin?.face ?? null,
      (row) => row.origin?.address ?? null,
    ],
    [now],
  );
}

const INSERT_AUDIT = {
  name: 'insert_audit',
  text: `
insert into audit (at, project, actor, verb, kind, name, uid, request_id, trace_id, face, address)
select $1::timestamptz, i.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
  $8::text[], $9::text[], $10::text[], $11::text[]) as i`,
};
