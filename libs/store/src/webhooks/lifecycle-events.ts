/**
 * Phases that were reached and what happened to limits, as one sequence: that of the change feed, which is gap-free. A
 * transition has no number of its own; it is found beside the change that was written with it.
 */
import type { ClaimMetric, Kind, QuotaHistoryEntry, QuotaHistoryType, QuotaThreshold } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { HighWaterMark } from '../feed/high-water-mark.ts';

export interface PhaseEvent {
  readonly type: 'phase';
  readonly seq: number;
  readonly project: string;
  readonly kind: Kind;
  readonly name: string;
  readonly uid: string;
  readonly transitionSeq: number;
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly generation: number;
  readonly at: Date;
  readonly recordedAt: Date;
}

export interface LimitEvent {
  readonly type: 'limit';
  readonly seq: number;
  readonly entry: QuotaHistoryEntry;
}

export type LifecycleEvent = PhaseEvent | LimitEvent;

export interface LifecyclePage {
  readonly events: readonly LifecycleEvent[];
  /** The place after the page: everything up to here was looked at. */
  readonly next: number;
  /** How many numbers of the feed were dropped before they were read; 0 as it should be. */
  readonly lost: number;
}

/** Of one project, or all. */
export async function readLifecycleEvents(
  pool: pg.Pool,
  mark: HighWaterMark,
  query: { readonly after: number; readonly project?: string; readonly limit: number },
): Promise<LifecyclePage> {
  const upTo = await mark.fix();
  const [floor] = await rowsOf<{ seq: number }>(pool, FLOOR, []);
  const after = Math.max(query.after, floor?.seq ?? 0);
  const rows = await rowsOf<EventRow>(pool, EVENTS, [after, upTo, query.project ?? null, query.limit]);
  const last = rows.length === query.limit ? rows.at(-1)?.seq : undefined;
  const lost = after - query.after;
  if (last === undefined) return { events: rows.map(eventOf), next: Math.max(after, upTo), lost };
  // A change may come with several transitions: the last of a full page is left to the next.
  return { events: rows.filter(({ seq }) => seq < last).map(eventOf), next: last - 1, lost };
}

interface EventRow {
  readonly seq: number;
  readonly is_limit: boolean;
  readonly project: string;
  readonly kind: Kind;
  readonly name: string;
  readonly uid: string;
  readonly transition_seq: number;
  readonly from_value: string | null;
  readonly to_value: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly generation: number;
  readonly at: Date;
  readonly recorded_at: Date;
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly history_type: QuotaHistoryType;
  readonly threshold: QuotaThreshold | null;
  readonly limit_before: number | null;
  readonly limit_value: number | null;
  readonly overridden: boolean;
  readonly used: number;
}

function eventOf(row: EventRow): LifecycleEvent {
  const { seq, project, actor, at } = row;
  if (!row.is_limit) {
    const { kind, name, uid, reason, message, generation } = row;
    return {
      ...{ type: 'phase', seq, project, kind, name, uid, transitionSeq: row.transition_seq, to: row.to_value },
      ...{ reason, message, actor, generation, at, recordedAt: row.recorded_at },
      ...(row.from_value === null ? {} : { from: row.from_value }),
    };
  }
  const { scope, metric, history_type: type, overridden, used, threshold, limit_before: limitBefore } = row;
  const entry = {
    ...{ seq: String(seq), at, project, scope, metric, type, overridden, used, actor, requestId: '' },
    ...{ limit: row.limit_value, ...(threshold === null ? {} : { threshold }) },
    ...(type === 'LimitChanged' ? { limitBefore } : {}),
  };
  return { type: 'limit', seq, entry };
}

const FLOOR = { name: 'webhook_floor', text: 'select seq from change_floor' };

const EVENTS = {
  name: 'webhook_events',
  text: `
select * from (
  (select c.seq, false as is_limit, t.project, t.kind, t.name, t.uid, t.seq as transition_seq, t.from_value, t.to_value,
    t.reason, t.message, t.actor, t.generation, t.at, t.recorded_at, null::text as scope, null::text as metric,
    null::text as history_type, null::smallint as threshold, null::bigint as limit_before, null::bigint as limit_value,
    null::boolean as overridden, null::bigint as used
  from change c join transition t on t.uid = c.uid and t.recorded_at = c.at and t.type = 'Phase'
  where c.seq > $1 and c.seq <= $2 and ($3::text is null or c.project = $3)
  order by c.seq, t.seq limit $4)
  union all
  (select q.seq, true, q.project, null, null, null, null, null, null, null, null, q.actor, null, q.at, null, q.scope,
    q.metric, q.type, q.threshold, q.limit_before, q.limit_value, q.overridden, q.used
  from quota_history q
  where q.seq > $1 and q.seq <= $2 and ($3::text is null or q.project = $3)
  order by q.seq limit $4)
) as events order by seq, transition_seq limit $4`,
};
