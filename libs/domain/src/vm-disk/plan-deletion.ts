/** Deletion of a disk: never while a machine uses it, and gone only when nothing of it is left. */
import type { DiskAction, DiskObserved } from './observed.ts';
import { type DiskPlan, notReady, report, SOON_MS, WAITING_MS } from './plan-report.ts';
import type { VmDisk } from './vm-disk.ts';

/** A deletion that lasts longer says what blocks it. */
const DELETION_STUCK_MS = 300_000;

export function planDiskDeletion(desired: VmDisk, observed: DiskObserved): DiskPlan {
  const { dataVolume, claim, usedByMachines } = observed;
  const base = {
    ...report(desired),
    phase: 'Deleting',
    conditions: [notReady('Deleting', 'The disk is being deleted.')],
  } as const;
  if (!dataVolume && !claim)
    return { ...base, outcome: 'remove', reason: 'Gone', message: 'Nothing is left in the cluster.', actions: [] };
  if (usedByMachines.length > 0) {
    const message = `Waits until ${usedByMachines.join(', ')} has let go of the disk.`;
    return { ...base, reason: 'WaitingForMachine', message, actions: [], requeueAfterMs: WAITING_MS };
  }
  const actions: DiskAction[] =
    dataVolume && !dataVolume.deleting ? [{ do: 'deleteDataVolume', uid: dataVolume.uid }] : [];
  return { ...base, ...deletionProgress(desired, observed), actions, requeueAfterMs: SOON_MS };
}

function deletionProgress(desired: VmDisk, { at, dataVolume }: DiskObserved): Pick<DiskPlan, 'reason' | 'message'> {
  const waiting = dataVolume ? 'its DataVolume' : 'its storage claim';
  const sinceMs = at.getTime() - (desired.deletionRequestedAt ?? at).getTime();
  if (sinceMs < DELETION_STUCK_MS) return { reason: 'Deleting', message: `The cluster is deleting ${waiting}.` };
  const since = desired.deletionRequestedAt?.toISOString();
  return { reason: 'DeletionStuck', message: `The cluster has not let go of ${waiting} since ${since}.` };
}
