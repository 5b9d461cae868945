/** What errors of Postgres mean to a caller. Messages of the database stay inside: they may show values. */
import { Fault } from '@compute/domain';
import pg from 'pg';

const RACES: ReadonlySet<string> = new Set([
  '23505', // unique_violation: somebody took the name, the key or the disk first
  '23514', // check_violation: somebody took the quota first
  '23503', // foreign_key_violation: the project went meanwhile
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

/** A zero character or an incomplete surrogate pair in a text. */
const UNSTORABLE: ReadonlySet<string> = new Set(['22P05', '22P02', '22021']);

/** Operator intervention, lack of resources, connection exceptions: it passes. */
const PASSING = /^(57|53|08)/;

/** Whether another try, which then sees what the other writer wrote, may come to a verdict. */
export function isWorthRepeating(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && RACES.has(error.code);
}

/** An error that says that the database is away, as a `Fault('Unavailable')`; any other as it is. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  if (error instanceof pg.DatabaseError && !PASSING.test(error.code ?? '')) return error;
  const connection = error instanceof pg.DatabaseError || 'syscall' in error || 'errors' in error;
  if (!connection && !/connection|timeout exceeded|client has encountered/i.test(error.message)) return error;
  return new Fault('Unavailable', 'The database cannot be reached.', {}, error);
}

/** For `catch`: throws the error, translated if it says that the database is away. */
export function throwUnavailable(error: unknown): never {
  throw asUnavailable(error);
}

/** For `catch`: as `throwUnavailable`, and a value that cannot be stored, nor looked for, is the caller's fault. */
export function throwKnown(error: unknown): never {
  throw asUnstorable(asUnavailable(error));
}

function asUnstorable(error: unknown): unknown {
  return error instanceof pg.DatabaseError ? refusedText(error, error.code) : error;
}

/** The caller's fault if SQLSTATE `code` says that the database refused a text; the error as it is otherwise. */
export function refusedText(error: unknown, code: string | undefined): unknown {
  if (!UNSTORABLE.has(code ?? '')) return error;
  return new Fault('InvalidArgument', 'A text holds a character that cannot be stored.', {}, error);
}

/** Faults as they are; of anything else what a caller may know. */
export function toFault(error: unknown): Fault {
  const known = asUnstorable(asUnavailable(error));
  if (known instanceof Fault) return known;
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  if (code === '23503') return new Fault('NotFound', 'The project is gone.', {}, error);
  if (code === '40001' || code === '40P01') return new Fault('Unavailable', 'Too many writers at once.', {}, error);
  return new Fault('Internal', 'The write failed.', {}, error);
}
