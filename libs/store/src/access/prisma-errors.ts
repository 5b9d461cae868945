/** Which rule of the database a statement of Prisma broke. */
import { Fault } from '@compute/domain';
import { asUnavailable, refusedText } from '../database-errors.ts';
import { Prisma } from '../generated/client.ts';

/** Something with that key is there already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'P2002';
}

/** A row that it must belong to is not there, or rows still belong to it. */
export function isMissingParent(error: unknown): boolean {
  return codeOf(error) === 'P2003';
}

/**
 * For `catch`: throws `Unavailable` when the database is away (Prisma's codes P1xxx), `InvalidArgument` for a text that no
 * database holds, the error itself otherwise.
 */
export function throwColdFault(error: unknown): never {
  if (!String(codeOf(error)).startsWith('P1')) throw refusedText(asUnavailable(error), sqlStateOf(error));
  throw new Fault('Unavailable', 'The database cannot be reached.', {}, error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** What Postgres said, of an error that Prisma has no code of its own for. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return undefined;
  const adapterError = error.meta?.driverAdapterError as { cause?: { originalCode?: string } } | undefined;
  return adapterError?.cause?.originalCode;
}
