/** History and wake-ups. */
import type { Batch } from './batch.ts';
import { type Write, write } from './write.ts';

export function transitions({ transitions: rows }: Batch): Write {
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

export function outbox(batch: Batch): Write {
  const statement = {
    name: 'insert_outbox',
    text: `
insert into outbox (kind, uid, trace_parent, lane, created_at)
select kind, uid, trace_parent, lane, $1::timestamptz
from unnest($2::text[], $3::uuid[], $4::text[], $5::text[]) as i(kind, uid, trace_parent, lane)`,
  };
  const columns = [(row: { kind: string }) => row.kind];
  return write(
    statement,
    batch.outbox(),
    [...columns, (row) => row.uid, (row) => row.traceparent ?? null, (row) => row.project],
    [batch.now],
  );
}
