/** What errors of Postgres mean to a caller. Messages of the database stay inside: they may show values. */
import { Fault } from '@compute/domain';

const RACES: ReadonlySet<string> = new Set([
  '23505', // unique_violation: somebody took the name, the key or the disk first
  '23514', // check_violation: somebody took the quota first
  '23503', // foreign_key_violation: the project went meanwhile
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

/** Whether another try, which then sees what the other writer wrote, may come to a verdict. */
export function isWorthRepeating(error: unknown): boolean {
  if (error instanceof Fault) return false;
  const code = sqlState(error);
  return code !== undefined ? RACES.has(code) : !isConnectionError(error);
}

/** Faults as they are; of anything else what a caller may know. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = sqlState(error);
  if (code === undefined && isConnectionError(error))
    return new Fault('Unavailable', 'The database cannot be reached.', {}, error);
  // Operator intervention, lack of resources, connection exceptions: it passes.
  if (code !== undefined && /^(57|53|08)/.test(code))
    return new Fault('Unavailable', 'The database is not available.', {}, error);
  if (code === '23503') return new Fault('NotFound', 'The project is gone.', {}, error);
  if (code === '40001' || code === '40P01') return new Fault('Unavailable', 'Too many writers at once.', {}, error);
  return new Fault('Internal', 'The write failed.', {}, error);
}

function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') return true;
  return /connection|timeout exceeded|Client has encountered/i.test(error.message);
}
