/**
 * Rehearsals of rare writes: the transaction runs as always, so that the database decides everything, and is rolled back
 * at its end. The result leaves it as an exception that nobody outside sees.
 */
class Rehearsed extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('rolled back: it was a rehearsal');
    this.result = result;
  }
}

/** The last thing in a transaction: in a rehearsal it takes the transaction back. */
export function keepUnless<T>(dryRun: boolean | undefined, result: T): T {
  if (dryRun) throw new Rehearsed(result);
  return result;
}

/** The result of a transaction that ends with `keepUnless`, whether it was kept or not. */
export async function resultOf<T>(transaction: Promise<T>): Promise<T> {
  try {
    return await transaction;
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T;
    throw error;
  }
}
