/** What the tables need from time to time: partitions ahead, partitions dropped, old keys forgotten. */
import type pg from 'pg';
import { countOf, rowsOf } from '../connection.ts';

/** Returns how many partitions were made. */
export async function ensurePartitions(pool: pg.Pool): Promise<number> {
  const [row] = await rowsOf<{ made: number }>(
    pool,
    { text: 'select ensure_partitions() + ensure_performance_partitions() as made' },
    [],
  );
  return row?.made ?? 0;
}

/** Drops partitions that lie wholly before the given times. Returns how many. */
export async function dropPartitions(pool: pg.Pool, before: { changes: Date; history: Date }): Promise<number> {
  const values = [before.changes, before.history];
  const statement = { text: 'select drop_partitions($1, $2) as dropped' };
  const [row] = await rowsOf<{ dropped: number }>(pool, statement, values);
  return row?.dropped ?? 0;
}

/** Returns how many keys were forgotten. */
export async function forgetIdempotency(pool: pg.Pool, olderThan: Date): Promise<number> {
  return countOf(pool, { text: 'delete from idempotency where created_at < $1' }, [olderThan]);
}
