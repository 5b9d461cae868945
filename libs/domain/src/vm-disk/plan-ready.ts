/** A disk that holds its data: ready, growing, or not bound at this moment. */
import { parseQuantityMib } from '../quantity.ts';
import type { ConditionReport } from '../resource.ts';
import { nextProgress } from './import-progress.ts';
import type { DiskAction, DiskObserved, ObservedClaim, ObservedDataVolume } from './observed.ts';
import {
  condition,
  type DiskDetails,
  type DiskPlan,
  notReady,
  report,
  SETTLED_MS,
  SOON_MS,
  WAITING_MS,
  wasReady,
} from './plan-report.ts';
import { type DiskConditionType, type ImportProgress, sourceKind, type VmDisk } from './vm-disk.ts';

export function planReady(desired: VmDisk, observed: DiskObserved, dataVolume: ObservedDataVolume): DiskPlan {
  const { claim } = observed;
  if (claim?.phase !== 'Bound') return waitForBinding(desired, observed, dataVolume);
  const wantedMib = parseQuantityMib(desired.spec.storage) ?? 0;
  const mustAsk = (claim.requestedMib ?? wantedMib) < wantedMib;
  const resizing = mustAsk || (claim.capacityMib ?? wantedMib) < wantedMib;
  const actions: DiskAction[] = mustAsk ? [{ do: 'growClaim', storage: desired.spec.storage }] : [];
  const details = readyDetails(desired, claim, dataVolume);
  const conditions = [
    condition('Ready', 'True', 'Ready', 'The disk can be attached.'),
    imported(desired),
    condition('Bound', 'True', 'Bound', 'The storage is allocated.'),
  ];
  if (resizing) {
    const message = `Growing to ${desired.spec.storage}.`;
    return {
      ...report(desired),
      phase: 'Resizing',
      reason: 'Growing',
      message,
      conditions,
      details,
      actions,
      requeueAfterMs: WAITING_MS,
    };
  }
  const message = 'The disk can be attached.';
  return {
    ...report(desired),
    phase: 'Ready',
    reason: 'Ready',
    message,
    conditions,
    details,
    actions,
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

/** Once ready, a claim that is missing from one look is no proof: the next look decides. */
function planUnbound(desired: VmDisk): DiskPlan {
  const message = 'The storage claim of the disk is not bound.';
  return {
    ...report(desired),
    phase: desired.phase === 'Resizing' ? 'Resizing' : 'Ready',
    reason: 'Unbound',
    message,
    conditions: [notReady('Unbound', message), imported(desired), condition('Bound', 'False', 'Unbound', message)],
    actions: [],
    requeueAfterMs: SOON_MS,
  };
}
