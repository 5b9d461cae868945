/** A lock between processes on one machine: a file that only one can create. The lock of a process that is gone is void. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../process/stale-process.ts';

const PATIENCE_MS = 10_000;

/** Runs the work while nobody else holds the lock. Waits for up to ten seconds. */
export async function withFileLock<T>(path: string, work: () => T): Promise<T> {
  await take(path);
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function take(path: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!tryTake(path)) {
    if (Date.now() > deadline) throw new Error(`The lock ${path} is held by another process and does not become free.`);
    await delay(20);
  }
}

function tryTake(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  if (owner > 0 && !isAlive(owner)) rmSync(path, { force: true });
  return false;
}
