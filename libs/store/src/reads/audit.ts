/** Reading the audit log of a project, newest first. The cursor names the last line of the page before. */
import { type AuditEntry, Fault } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { AuditQuery, Page } from '../records.ts';
import { clampLimit } from './page-limit.ts';

interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly project: string;
  readonly actor: string;
  readonly verb: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string | null;
  readonly request_id: string;
  readonly trace_id: string | null;
  readonly face: string | null;
  readonly address: string | null;
}

export async function readAudit(pool: pg.Pool, query: AuditQuery): Promise<Page<AuditEntry>> {
  const limit = clampLimit(query.limit);
  const { text, values } = statementOf(query, limit + 1);
  const rows = await rowsOf<AuditRow>(pool, { text }, values);
  const items = rows.slice(0, limit).map(toEntry);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: `${last.at.getTime()}.${last.id}` } : { items };
}

/** Only the conditions that were asked for. */
function statementOf(query: AuditQuery, limit: number): { text: string; values: unknown[] } {
  const values: unknown[] = [query.project];
  const conditions = ['project = $1'];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${values.push(value)}`));
  };
  add(query.actor, (p) => `actor = ${p}`);
  add(query.kind, (p) => `kind = ${p}`);
  add(query.name, (p) => `name = ${p}`);
  add(query.uid, (p) => `uid = ${p}::uuid`);
  add(query.verb, (p) => `verb = ${p}`);
  add(query.from, (p) => `at >= ${p}`);
  add(query.to, (p) => `at < ${p}`);
  if (query.after !== undefined) {
    const { at, id } = parseCursor(query.after);
    conditions.push(`(at, id) < ($${values.push(at)}, $${values.push(id)}::bigint)`);
  }
  const text = `
select id::text as id, at, project, actor, verb, kind, name, uid, request_id, trace_id, face, address
from audit where ${conditions.join(' and ')}
order by at desc, audit.id desc limit $${values.push(limit)}`;
  return { text, values };
}

function toEntry(row: AuditRow): AuditEntry {
  const { id, at, project, actor, verb, kind, name } = row;
  return {
    ...{ id, at, project, actor, verb, kind, name, requestId: row.request_id },
    ...(row.uid === null ? {} : { uid: row.uid }),
    ...(row.trace_id === null ? {} : { traceId: row.trace_id }),
    ...(row.face === null ? {} : { face: row.face }),
    ...(row.address === null ? {} : { address: row.address }),
  };
}

function parseCursor(cursor: string): { at: Date; id: string } {
  const [, atMs, id] = /^(\d{1,15})\.(\d{1,18})$/.exec(cursor) ?? [];
  if (id === undefined) throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  return { at: new Date(Number(atMs)), id };
}
