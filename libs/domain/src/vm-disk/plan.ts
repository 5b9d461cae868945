/**
 * Decides the next step for one disk: what to report, what to do, when to look again.
 *
 * Pure: the only clock is `observed.at`. The same input always gives the same plan, so a lost or repeated job is
 * harmless. Rules are ordered; the first that matches wins. A DataVolume is applied only while there is none, since
 * CDI forbids changing one; growth goes to the claim. Data that was once Ready is never deleted or imported again
 * without the user's word.
 */
import type { FailureReport } from '../resource.ts';
import { classifyImportError } from './import-failure.ts';
import type { DiskAction, DiskObserved, ObservedDataVolume } from './observed.ts';
import { planDiskDeletion } from './plan-deletion.ts';
import { planImport } from './plan-import.ts';
import { planReady } from './plan-ready.ts';
import {
  condition,
  type DiskPlan,
  type DiskPlanInput,
  notReady,
  report,
  SETTLED_MS,
  SOON_MS,
  wasReady,
} from './plan-report.ts';
import type { VmDisk } from './vm-disk.ts';

export function planDisk(input: DiskPlanInput): DiskPlan {
  const { desired, observed } = input;
  if (desired.deletionRequestedAt) return planDiskDeletion(desired, observed);
  if (hasFailedImport(desired)) return stayFailed(desired, observed);

  const { dataVolume, claim } = observed;
  if (!dataVolume) return wasReady(desired) ? dataLost(desired) : planFirstApply(desired, observed);
  if (dataVolume.deleting || desired.status.import?.phase === 'Failed') return clearOldVolume(desired, dataVolume);
  if (claim?.phase === 'Lost') return dataLost(desired);
  if (dataVolume.phase === 'Succeeded' || wasReady(desired)) return planReady(desired, observed, dataVolume);
  return planImport(input, dataVolume);
}

/** A failed import stays failed until the user asks anew, which raises the generation. */
const hasFailedImport = (disk: VmDisk): boolean =>
  disk.status.import?.phase === 'Failed' && disk.status.observedGeneration === disk.generation;

function stayFailed(desired: VmDisk, { dataVolume }: DiskObserved): DiskPlan {
  const failure = withoutSince(desired);
  const actions: DiskAction[] =
    dataVolume && !dataVolume.deleting ? [{ do: 'deleteDataVolume', uid: dataVolume.uid }] : [];
  return {
    ...report(desired),
    phase: 'Failed',
    reason: failure.code,
    message: failure.message,
    conditions: [
      notReady(failure.code, failure.message),
      condition('Imported', 'False', failure.code, failure.message),
    ],
    failure,
    actions,
    requeueAfterMs: actions.length > 0 ? SOON_MS : SETTLED_MS,
  };
}

function withoutSince(desired: VmDisk): FailureReport {
  const { code, message, remedy, retryable } = desired.status.failure ?? classifyImportError('');
  return { code, message, remedy, retryable };
}

function dataLost(desired: VmDisk): DiskPlan {
  const message = "The disk's storage is gone from the cluster; its data is lost.";
  const failure: FailureReport = {
    code: 'DataLost',
    message,
    remedy: 'Restore it from a backup: delete this disk and make a new one.',
    retryable: false,
  };
  const conditions = [notReady('DataLost', message), condition('Bound', 'False', 'DataLost', message)];
  return {
    ...report(desired),
    phase: 'Failed',
    reason: 'DataLost',
    message,
    conditions,
    failure,
    actions: [],
    requeueAfterMs: SETTLED_MS,
  };
}

function planFirstApply(desired: VmDisk, { namespaceExists }: DiskObserved): DiskPlan {
  const actions: DiskAction[] = namespaceExists
    ? [{ do: 'applyDataVolume' }]
    : [{ do: 'ensureNamespace' }, { do: 'applyDataVolume' }];
  const message = 'The disk is being made in the cluster.';
  return {
    ...report(desired),
    phase: 'Pending',
    reason: 'Creating',
    message,
    conditions: [notReady('Creating', message), condition('Imported', 'False', 'Creating', message)],
    details: { attachedTo: desired.status.attachedTo },
    actions,
    requeueAfterMs: SOON_MS,
  };
}

/** A retry starts from nothing: what a failed attempt left behind goes first. */
function clearOldVolume(desired: VmDisk, dataVolume: ObservedDataVolume): DiskPlan {
  const actions: DiskAction[] = dataVolume.deleting ? [] : [{ do: 'deleteDataVolume', uid: dataVolume.uid }];
  const message = 'Waits until the cluster has deleted the volume of an earlier attempt.';
  return {
    ...report(desired),
    phase: 'Pending',
    reason: 'WaitingForDeletion',
    message,
    conditions: [notReady('WaitingForDeletion', message)],
    actions,
    requeueAfterMs: SOON_MS,
  };
}
