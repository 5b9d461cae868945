/** What the tables need from time to time: partitions ahead, partitions dropped, old keys forgotten. */
import type pg from 'pg';

/** Returns how many partitions were made. */
export async function ensurePartitions(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ made: number }>('select ensure_partitions() as made');
  return rows[0]?.made ?? 0;
}

/** Drops partitions that lie wholly before the given times. Returns how many. */
export async function dropPartitions(pool: pg.Pool, before: { changes: Date; history: Date }): Promise<number> {
  const values = [before.changes, before.history];
  const { rows } = await pool.query<{ dropped: number }>('select drop_partitions($1, $2) as dropped', values);
  return rows[0]?.dropped ?? 0;
}

/** Returns how many keys were forgotten. */
export async function forgetIdempotency(pool: pg.Pool, olderThan: Date): Promise<number> {
  const { rowCount } = await pool.query('delete from idempotency where created_at < $1', [olderThan]);
  return rowCount ?? 0;
}
