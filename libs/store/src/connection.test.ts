import { emptyDatabase } from '@compute/test-services';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction, openPool } from './connection.ts';

let pool: pg.Pool;
const idleErrors: unknown[] = [];
beforeAll(async () => {
  const { url } = await emptyDatabase();
  pool = openPool({ databaseUrl: url, size: 2, applicationName: 'test', onError: (error) => idleErrors.push(error) });
});
afterAll(() => pool.end());

test('a connection that breaks between two statements of a transaction fails that transaction and nothing else', async () => {
  const running = inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    // Not `once`: it would also reject with the error that comes before the end, perhaps while nobody listens yet.
    const ended = new Promise<void>((resolve) => tx.once('end', resolve));
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    await tx.query('select 1');
  });
  await expect(running).rejects.toThrow();
  expect(idleErrors).toEqual([]);
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});
