/** Deletion of a disk: never while a machine uses it, and gone only when nothing of it is left. */
import { deletionProgress } from '../deletion-progress.ts';
import type { DiskAction, DiskObserved } from './observed.ts';
import { type DiskPlan, notReady, report, SOON_MS, WAITING_MS } from './plan-report.ts';
import type { VmDisk } from './vm-disk.ts';

export function planDiskDeletion(desired: VmDisk, observed: DiskObserved): DiskPlan {
  const { dataVolume, claim, usedByMachines } = observed;
  const base = { ...report(desired), phase: 'Deleting' } as const;
  if (!dataVolume && !claim) {
    const message = 'Nothing is left in the cluster.';
    return { ...base, conditions: [], outcome: 'remove', reason: 'Gone', message, actions: [] };
  }
  if (usedByMachines.length > 0) {
    const message = `Waits until ${usedByMachines.join(', ')} has let go of the disk.`;
    const conditions = [notReady('WaitingForMachine', message)];
    return { ...base, conditions, reason: 'WaitingForMachine', message, actions: [], requeueAfterMs: WAITING_MS };
  }
  const actions: DiskAction[] =
    dataVolume && !dataVolume.deleting ? [{ do: 'deleteDataVolume', uid: dataVolume.uid }] : [];
  const progress = progressOf(desired, observed);
  const conditions = [notReady(progress.reason, progress.message)];
  return { ...base, ...progress, conditions, actions, requeueAfterMs: SOON_MS };
}

function progressOf({ deletionRequestedAt: since }: VmDisk, { at, dataVolume, claim }: DiskObserved) {
  return deletionProgress({
    left: dataVolume ? 'its DataVolume' : 'its storage claim',
    object: dataVolume ?? claim,
    since,
    at,
  });
}
