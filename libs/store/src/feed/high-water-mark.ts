/**
 * Up to where the change feed is settled: below the mark nothing can appear any more.
 *
 * Writers take their sequence numbers while they hold a lock together and let go of it after their commit is visible.
 * Whoever holds that lock alone, for an instant, knows that every number given out so far is committed or gone. A
 * foreign transaction that stays open delays nobody. Without this, a reader that keeps its last number loses what
 * commits late.
 */
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import { throwUnavailable } from '../database-errors.ts';
import { FEED_LOCK } from '../locks.ts';

interface LastRow {
  readonly last: number;
}

export class HighWaterMark {
  readonly #pool: pg.Pool;
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Fixes the mark. However many ask, one waits for the lock at a time, and those who come meanwhile share the next. */
  fix(): Promise<number> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  /** As `fix`, but without a lock when no number was taken since `known`. */
  async fixAfter(known: number): Promise<number> {
    const [row] = await rowsOf<LastRow>(this.#pool, LAST_SEQ, []);
    return row?.last === known ? known : this.fix();
  }

  async #afterRunning(): Promise<number> {
    await this.#running?.catch(() => undefined);
    this.#next = undefined;
    this.#running = fixMark(this.#pool);
    return this.#running;
  }
}

async function fixMark(pool: pg.Pool): Promise<number> {
  const client = await pool.connect().catch(throwUnavailable);
  let broken: Error | undefined;
  try {
    // All three travel together, so the lock is held no longer than the middle one takes.
    const [, settled] = await Promise.all([
      rowsOf(client, LOCK, [FEED_LOCK]),
      rowsOf<LastRow>(client, LAST_SEQ, []),
      rowsOf(client, UNLOCK, [FEED_LOCK]),
    ]);
    return settled[0]?.last ?? 0;
  } catch (error) {
    // A connection that may still hold the lock must not live on.
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(broken);
  }
}

const LAST_SEQ = {
  name: 'last_change_seq',
  text: 'select case when is_called then last_value else 0 end as last from change_seq_seq',
};
const LOCK = { name: 'lock_feed', text: 'select pg_advisory_lock($1)' };
const UNLOCK = { name: 'unlock_feed', text: 'select pg_advisory_unlock($1)' };
