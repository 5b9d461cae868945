/**
 * What a test asks for when it needs a real Postgres or a real Redis. One of each serves the whole test run; the first
 * question starts it, so a run of pure tests starts nothing.
 *
 * Leans on nothing but vitest, so that every package's tests may use it.
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the run's broker of services listens; see the development stack's test services. */
    testServicesUrl: string;
  }
}

export interface TestDatabase {
  /** Connection string of a database of its own with all migrations applied. */
  readonly url: string;
}

export interface TestRedis {
  readonly url: string;
  /** Nobody else in this run uses it: for queue prefixes and key prefixes. */
  readonly prefix: string;
}

/** A new database, made from the migrated template in some tens of milliseconds. It goes with the run. */
export async function freshDatabase(): Promise<TestDatabase> {
  return { url: await ask('/database') };
}

/** A new database without any table, for tests of migrations. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return { url: await ask('/empty-database') };
}

/** The run's Redis and a prefix of its own. Flushing it would disturb other tests: start one with `freshRedis`. */
export async function testRedis(): Promise<TestRedis> {
  return { url: await ask('/redis'), prefix: `test-${randomBytes(6).toString('hex')}` };
}

/** A Redis that this test has for itself and may flush or stop; it ends with the run at the latest. */
export async function freshRedis(): Promise<TestRedis & { stop(): Promise<void> }> {
  const url = await ask('/fresh-redis');
  const stop = async () => {
    await ask(`/stop-redis?url=${encodeURIComponent(url)}`);
  };
  return { url, prefix: 'test', stop };
}

async function ask(path: string): Promise<string> {
  const response = await fetch(new URL(path, inject('testServicesUrl')), { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(`The test run has no ${path.slice(1)}: ${text}`);
  return text;
}
