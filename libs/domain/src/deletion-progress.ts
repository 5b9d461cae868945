/**
 * What a row in deletion says while the cluster still has something of it. It stands in a condition, because the phase
 * does not change any more: a deletion that is stuck shows what is left, since when, and who holds it.
 */
import type { ObservedObject } from './plan.ts';

/** A deletion that lasts longer says what blocks it. */
export const DELETION_STUCK_MS = 300_000;

export interface DeletionWait {
  /** As a user calls it: `its DataVolume`. */
  readonly left: string;
  readonly object: Pick<ObservedObject, 'heldBy'> | undefined;
  readonly since: Date | undefined;
  /** Now. */
  readonly at: Date;
}

export interface DeletionProgress {
  readonly reason: 'Deleting' | 'DeletionStuck';
  readonly message: string;
}

export function isDeletionStuck(since: Date | undefined, at: Date): since is Date {
  return since !== undefined && at.getTime() - since.getTime() >= DELETION_STUCK_MS;
}

export function deletionProgress({ left, object, since, at }: DeletionWait): DeletionProgress {
  if (!isDeletionStuck(since, at)) return { reason: 'Deleting', message: `The cluster is deleting ${left}.` };
  const holders = object?.heldBy ?? [];
  const held = holders.length === 0 ? '' : `; it is held by ${holders.join(', ')}`;
  return {
    reason: 'DeletionStuck',
    message: `The cluster has not let go of ${left} since ${since.toISOString()}${held}.`,
  };
}
