/** What the tables need from time to time: partitions ahead, partitions dropped, old keys forgotten. */
import type pg from 'pg';
import { countOf, rowsOf } from '../connection.ts';

export interface PartitionsBefore {
  /** The change feed. */
  readonly changes: Date;
  /** History: phases, conditions, charges. */
  readonly history: Date;
  /** What resources were, by when they ceased to be so. */
  readonly states: Date;
}

/** Returns how many partitions were made. */
export async function ensurePartitions(pool: pg.Pool): Promise<number> {
  const [row] = await rowsOf<{ made: number }>(
    pool,
    { text: 'select ensure_partitions() + ensure_past_partitions() + ensure_performance_partitions() as made' },
    [],
  );
  return row?.made ?? 0;
}

/** Drops partitions that lie wholly before the given times. Returns how many. */
export async function dropPartitions(pool: pg.Pool, before: PartitionsBefore): Promise<number> {
  const values = [before.changes, before.history, before.states];
  const statement = { text: 'select drop_partitions($1, $2) + drop_past_partitions($3) as dropped' };
  const [row] = await rowsOf<{ dropped: number }>(pool, statement, values);
  return row?.dropped ?? 0;
}

/** Returns how many keys were forgotten. */
export async function forgetIdempotency(pool: pg.Pool, olderThan: Date): Promise<number> {
  return countOf(pool, { text: 'delete from idempotency where created_at < $1' }, [olderThan]);
}
