/**
 * Connections to Postgres and transactions on them.
 *
 * Connections pipeline: queries that are issued without waiting for each other travel together, so a transaction costs
 * as many round trips as it has waits, not statements. What must see the effect of another session's commit (a lock
 * that was waited for) is still a statement of its own.
 */
import { Fault } from '@compute/domain';
import pg from 'pg';

/** A named prepared statement: parsed once for each connection. Names are unique over the whole store. */
export interface Statement {
  readonly name: string;
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

/** Sums and sequence numbers stay far below 2^53: bigints come as numbers. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
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
    max: options.size,
    pipeline: true,
  };
  const pool = new pg.Pool(config);
  pool.on('error', options.onError);
  return pool;
}

export interface Queryable {
  query<R extends pg.QueryResultRow>(
    config: pg.QueryConfig & { name?: string },
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
}

/** Rows of a prepared statement. */
export async function rowsOf<R extends object>(on: Queryable, statement: Statement, values: unknown[]): Promise<R[]> {
  const result = await on.query<R & pg.QueryResultRow>({ ...statement, values });
  return result.rows;
}

/** How many rows a prepared statement touched. */
export async function countOf(on: Queryable, statement: Statement, values: unknown[]): Promise<number> {
  const result = await on.query({ ...statement, values });
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

/** Runs `work` in a read-committed transaction. Its first query must not wait for `begin`: they travel together. */
export async function inTransaction<T>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = client.query('begin');
    begun.catch(() => undefined);
    const value = await work(client);
    const ended = await client.query('commit');
    if (ended.command !== 'COMMIT') throw new Fault('Internal', 'The transaction was not committed.');
    return value;
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
