/**
 * Which database this is, and how far it has come. A cluster keeps the highest that was seen of each database: one that
 * is behind that has been restored from a backup, or is a replica that had not caught up.
 *
 * The position is that of committed changes alone. The sequence itself may run ahead of them, and back after a crash.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';

export interface Lineage {
  /** The same in every copy of the database. */
  readonly id: string;
  /** Counts restores; begins at 1. */
  readonly epoch: number;
  /** Of the last change that is certain. */
  readonly position: number;
  /** A restore is being worked at: nobody may act on what the rows say. */
  readonly held: boolean;
}

/** The first call gives the database its id, so that copies of an installation's template are not taken for one another. */
export async function readLineage(pool: pg.Pool): Promise<Lineage> {
  const [known] = await rowsOf<Lineage>(pool, READ_LINEAGE, []);
  if (known) return known;
  await rowsOf(pool, NAME_DATABASE, [randomUUID()]);
  const [named] = await rowsOf<Lineage>(pool, READ_LINEAGE, []);
  if (!named) throw new Error('the database has no lineage');
  return named;
}

const READ_LINEAGE = {
  name: 'read_lineage',
  text: `
select id, epoch, held, greatest(
  (select coalesce(max(seq), 0) from change), (select coalesce(max(seq), 0) from change_floor)
) as position
from database_lineage where id is not null`,
};

const NAME_DATABASE = {
  name: 'name_database',
  text: 'update database_lineage set id = $1 where id is null',
};
