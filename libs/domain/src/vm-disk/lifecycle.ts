/** The phases a disk may go through, and what it looks like when it has just been accepted. */
import type { DiskPhase, VmDiskStatus } from './vm-disk.ts';

/** From each phase, where a disk may go. The store refuses anything else. */
export const DISK_TRANSITIONS: Readonly<Record<DiskPhase, readonly DiskPhase[]>> = {
  Pending: ['Importing', 'Ready', 'Resizing', 'Failed', 'Deleting'],
  // A disk that was made larger while its data came grows as soon as they are there.
  Importing: ['Pending', 'Ready', 'Resizing', 'Failed', 'Deleting'],
  Ready: ['Resizing', 'Pending', 'Failed', 'Deleting'],
  Resizing: ['Ready', 'Pending', 'Failed', 'Deleting'],
  Failed: ['Pending', 'Importing', 'Ready', 'Resizing', 'Deleting'],
  Deleting: [],
};

/** Phases in which nothing more happens by itself: an operation on the disk is over. */
export const SETTLED_DISK_PHASES: readonly DiskPhase[] = ['Ready', 'Failed'];

export function initialDisk(): { phase: DiskPhase; status: VmDiskStatus } {
  return { phase: 'Pending', status: { conditions: [], observedGeneration: 0, attachedTo: [] } };
}
