/** A disk that holds its data: ready, growing, or not bound at this moment. */
import type { ConditionReport } from '../resource.ts';
import { nextProgress } from './import-progress.ts';
import type { DiskAction, DiskObserved, ObservedClaim, ObservedDataVolume } from './observed.ts';
import { growthOf } from './plan-growth.ts';
import {
  condition,
  type DiskDetails,
  type DiskPlan,
  notReady,
  report,
  SETTLED_MS,
  SOON_MS,
  wasReady,
} from './plan-report.ts';
import { type DiskConditionType, type ImportProgress, sourceKind, type VmDisk } from './vm-disk.ts';

export function planReady(desired: VmDisk, observed: DiskObserved, dataVolume: ObservedDataVolume): DiskPlan {
  const { claim } = observed;
  if (claim?.phase !== 'Bound') return waitForBinding(desired, observed, dataVolume);
  const conditions = [
    condition('Ready', 'True', 'Ready', 'The disk can be attached.'),
    imported(desired),
    condition('Bound', 'True', 'Bound', 'The storage is allocated.'),
  ];
  const ready = { ...report(desired), details: readyDetails(desired, claim, dataVolume) };
  // Applying puts the labels back on both, and nothing else of an object that exists.
  const relabel: DiskAction[] = observed.mislabelled ? [{ do: 'applyDataVolume' }] : [];
  const growth = growthOf(desired, claim);
  if (growth)
    return {
      ...ready,
      ...growth,
      conditions: [...conditions, ...growth.conditions],
      actions: [...relabel, ...growth.actions],
    };
  const hasGrown = desired.status.conditions.some(({ type }) => type === 'Resized');
  const resized = hasGrown ? [condition('Resized', 'True', 'Resized', `The disk has ${desired.spec.storage}.`)] : [];
  return {
    ...ready,
    phase: 'Ready',
    reason: 'Ready',
    message: 'The disk can be attached.',
    conditions: [...conditions, ...resized],
    actions: relabel,
    requeueAfterMs: SETTLED_MS,
  };
}

function imported(desired: VmDisk): ConditionReport<DiskConditionType> {
  const isBlank = sourceKind(desired.spec.source) === 'blank';
  return condition('Imported', 'True', 'Imported', isBlank ? 'An empty disk.' : 'The image is on the disk.');
}

function readyDetails(desired: VmDisk, claim: ObservedClaim, dataVolume: ObservedDataVolume): DiskDetails {
  const previous = desired.status.import;
  const done: ImportProgress = {
    phase: 'Done',
    percent: 100,
    ...(previous?.totalBytes === undefined
      ? {}
      : { totalBytes: previous.totalBytes, transferredBytes: previous.totalBytes }),
    attempts: Math.max(previous?.attempts ?? 1, dataVolume.restartCount + 1),
    ...(previous?.lastError === undefined ? {} : { lastError: previous.lastError }),
  };
  return {
    import: done,
    ...(claim.capacity === undefined ? {} : { capacity: claim.capacity }),
    attachedTo: desired.status.attachedTo,
  };
}

/** CDI says Succeeded a moment before the claim is bound: the disk is ready only when both are true. */
function waitForBinding(desired: VmDisk, observed: DiskObserved, dataVolume: ObservedDataVolume): DiskPlan {
  if (wasReady(desired)) return planUnbound(desired);
  const message = 'The data is there; the storage is being bound.';
  return {
    ...report(desired),
    phase: 'Importing',
    reason: 'Binding',
    message,
    conditions: [notReady('Binding', message), imported(desired), condition('Bound', 'False', 'Pending', message)],
    details: {
      import: nextProgress(desired.status.import, { ...observed, dataVolume }),
      attachedTo: desired.status.attachedTo,
    },
    actions: [],
    requeueAfterMs: SOON_MS,
  };
}

/** The data is there, and the volume is found again once it bears the disk's label. */
export function planUnlabelled(desired: VmDisk): DiskPlan {
  return planUnbound(desired);
}

/** Once ready, a claim that is missing from one look is no proof: it may only have lost its labels. The next look decides. */
function planUnbound(desired: VmDisk): DiskPlan {
  const message = 'The storage claim of the disk is not bound.';
  return {
    ...report(desired),
    phase: desired.phase === 'Resizing' ? 'Resizing' : 'Ready',
    reason: 'Unbound',
    message,
    conditions: [notReady('Unbound', message), imported(desired), condition('Bound', 'False', 'Unbound', message)],
    actions: [{ do: 'applyDataVolume' }],
    requeueAfterMs: SOON_MS,
  };
}
