/**
 * Reading history, in either direction. The cursor names the last line of the page before. Charges are for auditors: they are
 * shown to who asks for their type.
 */
import { Fault, type Kind, type Transition } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { HistoryPage, HistoryQuery } from '../records.ts';
import { CHARGE } from '../verbs/settle-usage.ts';
import { clampLimit } from './page-limit.ts';

interface TransitionRow {
  readonly uid: string;
  readonly seq: number;
  readonly kind: Kind;
  readonly project: string;
  readonly name: string;
  readonly type: string;
  readonly from_value: string | null;
  readonly to_value: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly generation: number;
  readonly at: Date;
  readonly recorded_at: Date;
  readonly trace_id: string | null;
}

export async function readHistory(pool: pg.Pool, query: HistoryQuery): Promise<HistoryPage> {
  const limit = clampLimit(query.limit);
  const { text, values } = statementOf(query, limit + 1);
  const rows = await rowsOf<TransitionRow>(pool, { text }, values);
  const items = rows.slice(0, limit).map(toTransition);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: cursorOf(last) } : { items };
}

/** Only the conditions that were asked for: the planner then uses the index by uid or the one by project and time. */
function statementOf(query: HistoryQuery, limit: number): { text: string; values: unknown[] } {
  const values: unknown[] = [query.project];
  const conditions = ['project = $1'];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${values.push(value)}`));
  };
  add(query.uid, (p) => `uid = ${p}::uuid`);
  add(query.kind, (p) => `kind = ${p}`);
  add(query.name, (p) => `name = ${p}`);
  if (query.type === undefined) add(CHARGE, (p) => `type <> ${p}`);
  add(query.type, (p) => `type = ${p}`);
  add(query.from, (p) => `at >= ${p}`);
  add(query.to, (p) => `at < ${p}`);
  if (query.after !== undefined) {
    const { at, uid, seq } = parseCursor(query.after);
    conditions.push(
      `(at, uid, seq) ${query.oldestFirst ? '>' : '<'} ($${values.push(at)}, $${values.push(uid)}::uuid, $${values.push(seq)})`,
    );
  }
  const text = `
select uid, seq, kind, project, name, type, from_value, to_value, reason, message, actor, generation, at, recorded_at,
  trace_id
from transition where ${conditions.join(' and ')}
order by ${query.oldestFirst ? 'at, uid, seq' : 'at desc, uid desc, seq desc'} limit $${values.push(limit)}`;
  return { text, values };
}

function toTransition(row: TransitionRow): Transition {
  const { uid, seq, kind, project, name, type, reason, message, actor, generation, at } = row;
  return {
    ...{ uid, seq, kind, project, name, type, to: row.to_value, reason, message, actor, generation, at },
    recordedAt: row.recorded_at,
    ...(row.from_value === null ? {} : { from: row.from_value }),
    ...(row.trace_id === null ? {} : { traceId: row.trace_id }),
  };
}

function cursorOf({ at, uid, seq }: Transition): string {
  return `${at.getTime()}.${uid}.${seq}`;
}

function parseCursor(cursor: string): { at: Date; uid: string; seq: number } {
  const [atMs, uid, seq] = cursor.split('.');
  const valid = /^\d{1,15}$/.test(atMs ?? '') && /^[0-9a-f-]{36}$/.test(uid ?? '') && /^\d{1,9}$/.test(seq ?? '');
  if (!valid || uid === undefined) throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  return { at: new Date(Number(atMs)), uid, seq: Number(seq) };
}
