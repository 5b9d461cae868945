/**
 * Decides the next step for one disk: what to report, what to do, when to look again.
 *
 * Pure: the only clock is `observed.at`. The same input always gives the same plan, so a lost or repeated job is
 * harmless. Rules are ordered; the first that matches wins. A DataVolume is applied only while there is none, since
 * CDI forbids changing one; growth goes to the claim. Data that was once Ready is never deleted or imported again
 * without the user's word.
 */
import { diskFailure } from '../failures/disk-failures.ts';
import type { FailureReport } from '../resource.ts';
import type { DiskAction, DiskObserved, ObservedDataVolume } from './observed.ts';
import { planCancellation } from './plan-cancel.ts';
import { planDiskDeletion } from './plan-deletion.ts';
import { planImport } from './plan-import.ts';
import { planBeforeImport } from './plan-origin.ts';
import { planReady, planUnlabelled } from './plan-ready.ts';
import {
  condition,
  type DiskPlan,
  type DiskPlanInput,
  failedPlan,
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
  const cancelled = planCancellation(input);
  if (cancelled) return cancelled;

  const { dataVolume, claim } = observed;
  if (!dataVolume && observed.unlabelled) return planUnlabelled(desired);
  if (!dataVolume)
    return wasReady(desired) ? dataLost(desired) : (planBeforeImport(input) ?? planFirstApply(desired, observed));
  if (dataVolume.deleting || desired.status.import?.phase === 'Failed') return clearOldVolume(desired, dataVolume);
  if (claim?.phase === 'Lost') return dataLost(desired);
  if (dataVolume.phase === 'Succeeded' || wasReady(desired)) return planReady(desired, observed, dataVolume);
  return planImport(input, dataVolume);
}

/** A failed import stays failed until the user asks anew, which raises the generation. */
const hasFailedImport = (disk: VmDisk): boolean =>
  disk.status.import?.phase === 'Failed' && disk.status.observedGeneration === disk.generation;

function stayFailed(desired: VmDisk, { dataVolume }: DiskObserved): DiskPlan {
  const actions: DiskAction[] =
    dataVolume && !dataVolume.deleting ? [{ do: 'deleteDataVolume', uid: dataVolume.uid }] : [];
  return {
    ...failedPlan(desired, withoutSince(desired)),
    actions,
    requeueAfterMs: actions.length > 0 ? SOON_MS : SETTLED_MS,
  };
}

function withoutSince(desired: VmDisk): FailureReport {
  const { since: _since, ...failure } = desired.status.failure ?? { ...diskFailure('ImportFailed'), since: '' };
  return failure;
}

function dataLost(desired: VmDisk): DiskPlan {
  const failure = diskFailure('DataLost');
  const { code, message } = failure;
  const conditions = [notReady(code, message), condition('Bound', 'False', code, message)];
  return { ...failedPlan(desired, failure), conditions, actions: [], requeueAfterMs: SETTLED_MS };
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
