/** Which rule of the database a statement of Prisma broke. */
import { Fault } from '@compute/domain';
import { asUnavailable } from '../database-errors.ts';

/** Something with that key is there already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'P2002';
}

/** A row that it must belong to is not there, or rows still belong to it. */
export function isMissingParent(error: unknown): boolean {
  return codeOf(error) === 'P2003';
}

/** For `catch`: throws `Unavailable` when the database is away (Prisma's codes P1xxx), the error itself otherwise. */
export function throwIfAway(error: unknown): never {
  if (!String(codeOf(error)).startsWith('P1')) throw asUnavailable(error);
  throw new Fault('Unavailable', 'The database cannot be reached.', {}, error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
