/** Reading operations, and waiting for one to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, type Kind } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { Hints } from '../feed/hints.ts';
import type { Operation, OperationError, Page } from '../records.ts';
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

/** A hint may be lost; then this is how late a wait may end. */
const POLL_MS = 500;
/** Many waits look at once when something changed; a burst of changes makes one look. */
const LEAST_PAUSE_MS = 20;

export async function readOperation(pool: pg.Pool, id: string): Promise<Operation | undefined> {
  const [row] = await rowsOf<OperationRow>(pool, BY_ID, [id]);
  return row && toOperation(row);
}

export interface OperationsQuery {
  readonly project: string;
  readonly uid?: string;
  readonly limit: number;
  readonly after?: string;
}

/** Newest first. */
export async function readOperations(pool: pg.Pool, query: OperationsQuery): Promise<Page<Operation>> {
  const limit = clampLimit(query.limit);
  const before = query.after === undefined ? undefined : parseCursor(query.after);
  const values = [query.project, query.uid ?? null, before?.at ?? null, before?.id ?? null, limit + 1];
  const rows = await rowsOf<OperationRow>(pool, PAGE, values);
  const items = rows.slice(0, limit).map(toOperation);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: `${last.createdAt.getTime()}.${last.id}` } : { items };
}

/** Resolves when it is done, when the time is over or when the signal aborts; then with the operation as it stands. */
export async function waitForOperation(
  pool: pg.Pool,
  hints: Hints,
  wait: { id: string; timeoutMs: number; signal?: AbortSignal },
): Promise<Operation | undefined> {
  const deadline = Date.now() + wait.timeoutMs;
  for (;;) {
    const operation = await readOperation(pool, wait.id);
    const leftMs = deadline - Date.now();
    if (!operation || operation.doneAt || leftMs <= 0 || wait.signal?.aborted) return operation;
    await hints.next('changes', { timeoutMs: Math.min(leftMs, POLL_MS), signal: wait.signal });
    await sleep(Math.min(leftMs, LEAST_PAUSE_MS));
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

const PAGE = {
  name: 'operations_page',
  text: `
select ${COLUMNS} from operation
where project = $1 and ($2::uuid is null or uid = $2)
  and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
order by created_at desc, id desc limit $5`,
};
