/**
 * Taking back what was metered wrongly. An event is never changed: a correction is a new event that names it, with the
 * same interval and dimensions and the opposite duration.
 */
import { createHash } from 'node:crypto';
import { Fault } from '@compute/domain';
import type pg from 'pg';
import type { Origin } from '../commands.ts';
import { inTransaction, rowsOf } from '../connection.ts';

export interface Correction {
  /** Of the event that is taken back. */
  readonly eventId: string;
  readonly actor: string;
  readonly requestId: string;
  readonly traceId?: string;
  readonly origin?: Origin;
}

/** Safe to repeat. Answers with the id of the correction. Throws `NotFound`, and `InvalidArgument` for a correction. */
export function correctUsage(pool: pg.Pool, correction: Correction): Promise<string> {
  const { eventId, actor, requestId, traceId = null, origin } = correction;
  const by = [actor, requestId, traceId, origin?.face ?? null, origin?.address ?? null];
  return inTransaction(pool, async (tx) => {
    const [event] = await rowsOf<{ project: string; corrects: string | null }>(tx, FIND_EVENT, [eventId]);
    if (!event) throw new Fault('NotFound', `There is no usage event '${eventId.slice(0, 63)}'.`);
    if (event.corrects !== null) throw new Fault('InvalidArgument', 'A correction is final and cannot be corrected.');
    const id = correctionId(eventId);
    const inserted = await rowsOf(tx, INSERT_CORRECTION, [eventId, id]);
    if (inserted.length > 0) await rowsOf(tx, INSERT_AUDIT, [eventId, ...by]);
    return id;
  });
}

/** Deterministic, so that asking twice corrects once. */
function correctionId(eventId: string): string {
  const hex = createHash('sha1').update(`correction/${eventId}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

const FIND_EVENT = { name: 'find_usage_event', text: 'select project, corrects from usage_event where id = $1' };

const INSERT_CORRECTION = {
  name: 'insert_usage_correction',
  text: `
insert into usage_event (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, corrects, recorded_at)
select $2, project, meter, uid, kind, name, dimensions, from_at, to_at, -duration_ms, id, now()
from usage_event where id = $1
on conflict (id) do nothing returning id`,
};

const INSERT_AUDIT = {
  name: 'audit_usage_correction',
  text: `
insert into audit (at, project, actor, verb, kind, name, uid, request_id, trace_id, face, address)
select now(), project, $2, 'correctUsage', kind, name, uid, $3, $4, $5, $6 from usage_event where id = $1`,
};
