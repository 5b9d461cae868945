/**
 * Connections to Postgres and transactions on them.
 *
 * Connections pipeline: queries that are issued without waiting for each other travel together, so a transaction costs
 * as many round trips as it has waits, not statements. What must see the effect of another session's commit (a lock
 * that was waited for) is still a statement of its own.
 */
import { Fault } from '@compute/domain';
import pg from 'pg';
import { throwKnown, throwUnavailable } from './database-errors.ts';
import { TIMESTAMPTZ, timeOf } from './timestamp.ts';

/** With a name it is prepared: parsed once for each connection. Names are unique over the whole store. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly size: number;
  readonly applicationName: string;
  readonly onError: (error: unknown) => void;
}

const INT8 = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Statements are planned while tables may still be tiny and without statistics, and the plan is kept as they grow: so a
 * scan of a whole table is only for statements that have no other way. A session that hangs in a transaction would
 * hold up the feed: it is ended.
 */
const SESSION_SETTINGS = '-c enable_seqscan=off -c idle_in_transaction_session_timeout=30000';

/** Sums and sequence numbers stay far below 2^53: bigints come as numbers. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    return oid === TIMESTAMPTZ ? timeOf : pg.types.getTypeParser(oid, format as 'text');
  }) as typeof pg.types.getTypeParser,
};

/** Settings shared by pooled connections and by those that live on their own (listeners, leaders). */
export function connectionConfig(options: Pick<PoolOptions, 'databaseUrl' | 'applicationName'>): pg.ClientConfig {
  return {
    connectionString: options.databaseUrl,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types,
  };
}

export function openPool(options: PoolOptions): pg.Pool {
  const config: pg.PoolConfig & { pipeline: boolean } = {
    ...connectionConfig(options),
    options: SESSION_SETTINGS,
    max: options.size,
    pipeline: true,
  };
  const pool = new pg.Pool(config);
  pool.on('error', options.onError);
  // The pool listens to idle connections only. One that breaks between two statements of a transaction would end the
  // process; whoever uses it learns of it from the next statement.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    writeOncePerTurn(client);
  });
  return pool;
}

/**
 * Lets everything that one turn of the event loop asks of a connection leave in one write: the driver writes each query
 * by itself, and a system call for each of a transaction's dozen statements is what a commit then costs most.
 */
function writeOncePerTurn(client: pg.PoolClient): void {
  const { stream } = client.connection;
  const query = client.query.bind(client) as (...terms: unknown[]) => unknown;
  let gathers = false;
  const send = (): void => {
    gathers = false;
    stream.uncork();
  };
  client.query = ((...terms: unknown[]) => {
    if (!gathers) {
      gathers = true;
      stream.cork();
      process.nextTick(send);
    }
    return query(...terms);
  }) as typeof client.query;
}

export interface Queryable {
  query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>>;
}

/** Rows of a statement. Throws `Unavailable` when the database is away, `InvalidArgument` for a text that no database holds, its own error otherwise. */
export async function rowsOf<R extends object>(on: Queryable, statement: Statement, values: unknown[]): Promise<R[]> {
  const result = await on.query<R & pg.QueryResultRow>({ ...statement, values }).catch(throwKnown);
  return result.rows;
}

/** How many rows a statement touched. Throws as `rowsOf`. */
export async function countOf(on: Queryable, statement: Statement, values: unknown[]): Promise<number> {
  const result = await on.query({ ...statement, values }).catch(throwKnown);
  return result.rowCount ?? 0;
}

/** Thrown inside a transaction to end it without an error: everything is undone, `value` is what it answers. */
export class Undo<T> extends Error {
  readonly value: T;

  constructor(value: T) {
    super('the transaction is undone on purpose');
    this.value = value;
  }
}

/** What a transaction answers while its last statements are still on their way; the commit follows them at once. */
export class Following<T> {
  readonly value: T;
  /** Rejects with the error of the statement that failed first. */
  readonly statements: Promise<void>;

  constructor(value: T, statements: Promise<void>) {
    this.value = value;
    this.statements = statements;
  }
}

/** Runs `work` in a read-committed transaction. Its first query must not wait for `begin`: they travel together. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (tx: pg.PoolClient) => Promise<T | Following<T>>,
): Promise<T> {
  const client = await pool.connect().catch(throwUnavailable);
  let broken: Error | undefined;
  try {
    client.query('begin').catch(() => undefined);
    const answer = await work(client);
    const statements = answer instanceof Following ? answer.statements : undefined;
    const [followed, ended] = await Promise.allSettled([statements, client.query('commit')]);
    // After a failed statement the commit only rolls back: the statement's error is the one that tells why.
    if (followed.status === 'rejected') throw followed.reason;
    if (ended.status === 'rejected') throw ended.reason;
    if (ended.value.command !== 'COMMIT') throw new Fault('Internal', 'The transaction was not committed.');
    return answer instanceof Following ? answer.value : answer;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    if (error instanceof Undo) return error.value as T;
    throw error;
  } finally {
    client.release(broken);
  }
}
