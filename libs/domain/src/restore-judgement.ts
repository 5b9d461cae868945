/**
 * What a database that was restored from a backup says, and what the cluster shows: which rows and objects have parted
 * since the backup. Pure.
 */
import type { AnyResource, Kind } from './resource.ts';

/** An object as the cluster shows it, by the uid of its row. */
export interface SeenObject {
  readonly kind: Kind;
  readonly uid: string;
  /** The generation of the row that it was last written from. */
  readonly generation?: number;
  /** A volume that holds its data. */
  readonly isFilled?: boolean;
  readonly deleting: boolean;
}

export type Parting =
  /** The row had objects, and the cluster has none: deleted since the backup, or lost. */
  | 'missing'
  /** The object was written from a later generation than the row's. */
  | 'edited'
  /** The row says that the disk is not filled yet, or has failed; the volume holds its data. */
  | 'filled'
  /** The deletion was under way, and goes on. */
  | 'deleting';

/** Undefined where row and object agree as far as can be told. */
export function partingOf(row: AnyResource, object: SeenObject | undefined): Parting | undefined {
  if (row.deletionRequestedAt !== undefined) return 'deleting';
  if (object === undefined || object.deleting) return hadObjects(row) ? 'missing' : undefined;
  if (row.kind === 'VMDisk' && object.isFilled === true && row.status.import?.phase !== 'Done') return 'filled';
  return (object.generation ?? 0) > row.generation ? 'edited' : undefined;
}

const BEFORE_OBJECTS: ReadonlySet<string> = new Set(['Pending', 'Provisioning', 'Failed']);

/** A machine that was given to the cluster; a disk that was being filled, or held its data. */
function hadObjects(row: AnyResource): boolean {
  if (row.kind === 'VMDisk') return row.status.import?.phase === 'Done' || row.phase === 'Importing';
  return !BEFORE_OBJECTS.has(row.phase);
}
