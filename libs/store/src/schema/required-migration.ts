/**
 * The oldest schema that this build works on. Whoever adds a migration names it here: a test compares the name with the
 * folder, so neither can move alone.
 *
 * A database that is ahead is accepted: migrations first add and only later take away, so that the old and the new build
 * run side by side during an upgrade. One that is behind is refused: every statement on it may fail.
 */
import { Fault } from '@compute/domain';
import pg from 'pg';
import { type Queryable, rowsOf } from '../connection.ts';

export const NEWEST_MIGRATION = '20261123055500_restores';

const UNDEFINED_TABLE = '42P01';

/** Throws `Unavailable`, naming what is missing and how it is applied, unless `NEWEST_MIGRATION` has been finished. */
export async function requireMigrated(on: Queryable): Promise<void> {
  const finished = await rowsOf(on, FIND_FINISHED, [NEWEST_MIGRATION]).catch(noneWithoutBook);
  if (finished.length > 0) return;
  const missing = `The database lacks the migration ${NEWEST_MIGRATION} that this build needs`;
  throw new Fault('Unavailable', `${missing}; "operate migrate" applies it.`);
}

/** A database that was never migrated has no book of migrations either. */
function noneWithoutBook(error: unknown): [] {
  if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return [];
  throw error;
}

const FIND_FINISHED = {
  text: `
select 1 from _prisma_migrations
where migration_name = $1 and finished_at is not null and rolled_back_at is null limit 1`,
};
