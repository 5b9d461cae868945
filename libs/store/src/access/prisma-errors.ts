/** Which rule of the database a statement of Prisma broke. */

/** Something with that key is there already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'P2002';
}

/** A row that it must belong to is not there, or rows still belong to it. */
export function isMissingParent(error: unknown): boolean {
  return codeOf(error) === 'P2003';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
