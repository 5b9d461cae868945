/** Meters that stop and start, and the events of those that stopped. */
import type { Statement } from '../connection.ts';
import type { UsageEventRow } from '../usage/usage-ledger.ts';
import type { Batch } from './batch.ts';
import { columnsOf } from './columns.ts';
import { type Write, write } from './write.ts';

export function metersClosed({ usage }: Batch): Write {
  const statement = {
    name: 'close_meters',
    text: `
delete from usage_open u using unnest($1::uuid[], $2::text[]) as i(uid, meter)
where (u.uid, u.meter) = (i.uid, i.meter)`,
  };
  return write(statement, usage.closed(), [(row) => row.uid, (row) => row.meter]);
}

export function metersOpened({ usage }: Batch): Write {
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

export function usageEventValues(rows: readonly UsageEventRow[], recordedAt: Date): unknown[] {
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

export function usageEvents({ usage, now }: Batch): Write {
  const events = usage.events();
  return {
    statement: INSERT_USAGE_EVENTS,
    values: events.length === 0 ? undefined : usageEventValues(events, now),
  };
}
