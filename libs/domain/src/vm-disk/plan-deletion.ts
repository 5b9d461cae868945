/** Deletion of a disk: never while a machine uses it, and gone only when nothing of it is left. */
import { deletionProgress, isDeletionStuck } from '../deletion-progress.ts';
import type { DiskAction, DiskObserved } from './observed.ts';
import { type DiskPlan, notReady, report, SOON_MS, WAITING_MS } from './plan-report.ts';
import type { VmDisk } from './vm-disk.ts';

export function planDiskDeletion(desired: VmDisk, observed: DiskObserved): DiskPlan {
  const { dataVolume, claim, unlabelled, usedByMachines } = observed;
  const base = { ...report(desired), phase: 'Deleting' } as const;
  if (!dataVolume && !claim && !unlabelled) {
    const message = 'Nothing is left in the cluster.';
    return { ...base, conditions: [], outcome: 'remove', reason: 'Gone', message, actions: [] };
  }
  if (usedByMachines.length > 0) {
    const waiting = waitForMachines(desired, observed);
    const conditions = [notReady(waiting.reason, waiting.message)];
    return { ...base, ...waiting, conditions, actions: [], requeueAfterMs: WAITING_MS };
  }
  const actions = deletions(observed);
  const progress = progressOf(desired, observed);
  const conditions = [notReady(progress.reason, progress.message)];
  return { ...base, ...progress, conditions, actions, requeueAfterMs: SOON_MS };
}

/** A machine that does not let go keeps the disk for ever: from some time on that is said as of any deletion. */
function waitForMachines({ deletionRequestedAt: since }: VmDisk, { at, usedByMachines }: DiskObserved) {
  const machines = usedByMachines.join(', ');
  if (!isDeletionStuck(since, at))
    return { reason: 'WaitingForMachine', message: `Waits until ${machines} has let go of the disk.` };
  const message = `The disk cannot be deleted since ${since.toISOString()}: ${machines} has not let go of it.`;
  return { reason: 'DeletionStuck', message };
}

/** What lost our label is never deleted: it gets the label back first, and is then seen and deleted by its uid. */
function deletions({ dataVolume, unlabelled }: DiskObserved): DiskAction[] {
  if (!dataVolume) return unlabelled ? [{ do: 'applyDataVolume' }] : [];
  return dataVolume.deleting ? [] : [{ do: 'deleteDataVolume', uid: dataVolume.uid }];
}

function progressOf({ deletionRequestedAt: since }: VmDisk, { at, dataVolume, claim, unlabelled }: DiskObserved) {
  return deletionProgress({
    left: dataVolume || unlabelled ? 'its DataVolume' : 'its storage claim',
    object: unlabelled ? undefined : (dataVolume ?? claim),
    since,
    at,
  });
}
