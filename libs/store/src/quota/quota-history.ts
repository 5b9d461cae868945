/** What happened to limits, newest first: who changed which, and when use reached a threshold. */
import {
  type ClaimMetric,
  Fault,
  type QuotaHistoryEntry,
  type QuotaHistoryType,
  type QuotaThreshold,
} from '@compute/domain';
import type pg from 'pg';
import { countOf, rowsOf } from '../connection.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { Page, QuotaHistoryQuery } from '../records.ts';

interface HistoryRow {
  readonly seq: number;
  readonly at: Date;
  readonly project: string;
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly type: QuotaHistoryType;
  readonly threshold: QuotaThreshold | null;
  readonly limit_before: number | null;
  readonly limit_value: number | null;
  readonly overridden: boolean;
  readonly used: number;
  readonly actor: string;
  readonly request_id: string;
  readonly trace_id: string | null;
}

/** Throws `InvalidArgument` for a cursor that is not one. */
export async function readQuotaHistory(pool: pg.Pool, query: QuotaHistoryQuery): Promise<Page<QuotaHistoryEntry>> {
  const limit = clampLimit(query.limit);
  const { project, scope = null, metric = null, type = null, from = null, to = null, after } = query;
  const before = after === undefined ? null : parseCursor(after);
  const rows = await rowsOf<HistoryRow>(pool, READ, [project, scope, metric, type, from, to, before, limit + 1]);
  const items = rows.slice(0, limit).map(entryOf);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: last.seq } : { items };
}

/** Returns how many lines were forgotten. */
export async function forgetQuotaHistory(pool: pg.Pool, olderThan: Date): Promise<number> {
  return countOf(pool, { text: 'delete from quota_history where at < $1' }, [olderThan]);
}

function entryOf(row: HistoryRow): QuotaHistoryEntry {
  const { at, project, scope, metric, type, overridden, used, actor } = row;
  return {
    ...{ seq: String(row.seq), at, project, scope, metric, type, overridden, used, actor },
    limit: row.limit_value,
    requestId: row.request_id,
    ...(row.threshold === null ? {} : { threshold: row.threshold }),
    ...(type === 'LimitChanged' ? { limitBefore: row.limit_before } : {}),
    ...(row.trace_id === null ? {} : { traceId: row.trace_id }),
  };
}

function parseCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  return Number(cursor);
}

const READ = {
  name: 'read_quota_history',
  text: `
select seq, at, project, scope, metric, type, threshold, limit_before, limit_value, overridden, used, actor, request_id,
  trace_id
from quota_history
where project = $1 and ($2::text is null or scope = $2) and ($3::text is null or metric = $3)
  and ($4::text is null or type = $4) and ($5::timestamptz is null or at >= $5)
  and ($6::timestamptz is null or at < $6) and ($7::bigint is null or seq < $7)
order by seq desc limit $8`,
};
