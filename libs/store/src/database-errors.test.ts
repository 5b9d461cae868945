import { Fault } from '@compute/domain';
import pg from 'pg';
import { expect, test } from 'vitest';
import { asUnavailable, isWorthRepeating, toFault } from './database-errors.ts';
import { openStore } from './store.ts';

function refused(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('secret detail', 13, 'error'), { code });
}

const brokenPipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });

test('a race against another writer is worth another try, anything else is not', () => {
  expect(['23505', '23514', '23503', '40001', '40P01'].every((code) => isWorthRepeating(refused(code)))).toBe(true);
  expect([refused('22P02'), brokenPipe, new TypeError('x'), new Fault('Stale', 'x')].some(isWorthRepeating)).toBe(
    false,
  );
});

test('a database that is away is told apart from one that refuses', () => {
  for (const error of [brokenPipe, refused('57P01'), refused('53300'), new Error('Connection terminated unexpectedly')])
    expect(toFault(error)).toMatchObject({ code: 'Unavailable', cause: error });
  const mistake = refused('42601');
  expect(asUnavailable(mistake)).toBe(mistake);
});

test('what the database says stays inside', () => {
  for (const code of ['22P05', '23505', '23503', '40001'])
    expect(toFault(refused(code)).message).not.toContain('secret');
});

test('a store whose database is away does not open, and says so', async () => {
  const options = { databaseUrl: 'postgresql://x@127.0.0.1:1/x', secretsKey: Buffer.alloc(32), quotaDefaults: {} };
  await expect(openStore({ ...options, applicationName: 'test' })).rejects.toMatchObject({ code: 'Unavailable' });
});
