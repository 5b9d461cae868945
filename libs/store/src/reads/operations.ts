/** Reading operations, and waiting for one to end. */
import {
  Fault,
  type FilterTerm,
  type Kind,
  type Operation,
  type OperationError,
  type OperationFilterField,
} from '@compute/domain';
import type pg from 'pg';
import { rowsOf, type Statement } from '../connection.ts';
import type { ChangeTail } from '../feed/change-tail.ts';
import type { Page } from '../records.ts';
import { type Conditions, compared, filterConditions } from './filter-conditions.ts';
import { clampLimit } from './page-limit.ts';

interface OperationRow {
  readonly id: string;
  readonly project: string;
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly verb: Operation['verb'];
  readonly generation: number;
  readonly created_at: Date;
  readonly done_at: Date | null;
  readonly error: OperationError | null;
  readonly request_id: string;
}

export async function readOperation(pool: pg.Pool, id: string): Promise<Operation | undefined> {
  const [row] = await rowsOf<OperationRow>(pool, BY_ID, [id]);
  return row && toOperation(row);
}

export interface OperationsQuery {
  readonly project: string;
  readonly uid?: string;
  /** All of them hold. */
  readonly filter?: readonly FilterTerm<OperationFilterField>[];
  readonly limit: number;
  readonly after?: string;
}

/** Newest first. */
export async function readOperations(pool: pg.Pool, query: OperationsQuery): Promise<Page<Operation>> {
  const limit = clampLimit(query.limit);
  const { statement, values } = pageStatement(query, limit + 1);
  const rows = await rowsOf<OperationRow>(pool, statement, values);
  const items = rows.slice(0, limit).map(toOperation);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: `${last.createdAt.getTime()}.${last.id}` } : { items };
}

/**
 * Resolves when it is done, when the time is over or when the signal aborts; then with the operation as it stands. An
 * operation ends together with a change of its resource, so any number of waits share the one tail of the feed.
 */
export async function waitForOperation(
  pool: pg.Pool,
  tail: ChangeTail,
  wait: { id: string; timeoutMs: number; signal?: AbortSignal },
): Promise<Operation | undefined> {
  const over = AbortSignal.any([
    AbortSignal.timeout(wait.timeoutMs),
    tail.closed,
    ...(wait.signal ? [wait.signal] : []),
  ]);
  await tail.start();
  for (let position = tail.head; ; position = tail.head) {
    const operation = await readOperation(pool, wait.id);
    if (!operation || operation.doneAt || over.aborted) return operation;
    await changeOf(tail, operation.uid, position, over);
  }
}

/** Resolves when the resource may have changed after the position, or when the wait is over. */
async function changeOf(tail: ChangeTail, uid: string, position: number, over: AbortSignal): Promise<void> {
  for (let from = position; !over.aborted; ) {
    const moved = tail.moved(over);
    const changes = tail.after(from);
    if (changes === undefined || changes.some((change) => change.uid === uid)) return;
    from = tail.head;
    await moved;
  }
}

function toOperation(row: OperationRow): Operation {
  const { id, project, kind, uid, name, verb, generation } = row;
  return {
    ...{ id, project, kind, uid, name, verb, generation, createdAt: row.created_at, requestId: row.request_id },
    ...(row.done_at === null ? {} : { doneAt: row.done_at }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}

function parseCursor(cursor: string): { at: Date; id: string } {
  const [atMs, id] = cursor.split('.');
  if (!/^\d{1,15}$/.test(atMs ?? '') || !/^[0-9a-f-]{36}$/.test(id ?? '') || id === undefined)
    throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  return { at: new Date(Number(atMs)), id };
}

const COLUMNS = 'id, project, kind, uid, name, verb, generation, created_at, done_at, error, request_id';

const BY_ID = { name: 'operation_by_id', text: `select ${COLUMNS} from operation where id = $1` };

function pageStatement(query: OperationsQuery, limit: number): { statement: Statement; values: unknown[] } {
  const before = query.after === undefined ? undefined : parseCursor(query.after);
  const values: unknown[] = [query.project, query.uid ?? null, before?.at ?? null, before?.id ?? null, limit];
  const filter = filterConditions(query.filter ?? [], CONDITIONS, values);
  const text = `
select ${COLUMNS} from operation
where project = $1 and ($2::uuid is null or uid = $2)
  and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid)) ${filter}
order by created_at desc, id desc limit $5`;
  return { statement: filter === '' ? { name: 'operations_page', text } : { text }, values };
}

const CONDITIONS: Conditions<OperationFilterField> = {
  kind: compared('kind'),
  name: compared('name'),
  verb: compared('verb'),
  done: compared('(done_at is not null)'),
  failed: compared('(error is not null)'),
  createdAt: compared('created_at'),
};
