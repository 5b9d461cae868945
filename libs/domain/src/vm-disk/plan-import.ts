/**
 * The import of a disk: how far it is, what it fails of, and when it has failed for good. CDI never ends a failing import,
 * so every way that an import can stand still has its end here.
 */
import type { ConditionReport } from '../resource.ts';
import {
  CLUSTER_STORAGE_QUOTA,
  classifyImportError,
  IMPORT_STALLED,
  IMPORTER_UNSCHEDULABLE,
  type ImportFailure,
} from './import-failure.ts';
import { ended, nextProgress } from './import-progress.ts';
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import {
  condition,
  DEFAULT_IMPORT_POLICY,
  type DiskPlan,
  type DiskPlanInput,
  type ImportPolicy,
  notReady,
  report,
  SOON_MS,
  WAITING_MS,
} from './plan-report.ts';
import type { DiskConditionType, DiskPhase, ImportProgress, VmDisk } from './vm-disk.ts';

export function planImport({ desired, observed, policy }: DiskPlanInput, dataVolume: ObservedDataVolume): DiskPlan {
  const progress = nextProgress(desired.status.import, { ...observed, dataVolume });
  const failure = failureOf(dataVolume);
  if (failure && progress.attempts >= failure.attempts) return failImport(desired, dataVolume, progress, failure);
  const overdue = overdueFailure(observed, dataVolume, progress, policy ?? DEFAULT_IMPORT_POLICY);
  if (overdue) return failImport(desired, dataVolume, progress, overdue);
  return failure ? retrying(desired, dataVolume, progress, failure) : importing(desired, dataVolume, progress);
}

function failureOf(dataVolume: ObservedDataVolume): ImportFailure | undefined {
  const { running } = dataVolume;
  if (dataVolume.phase === 'Failed')
    return { ...classifyImportError(running?.message ?? '', running?.reason), attempts: 1 };
  if (running?.status !== 'False') return undefined;
  const failing = ['Error', 'ImagePullFailed', 'ChecksumError'].includes(running.reason);
  return failing ? classifyImportError(running.message, running.reason) : undefined;
}

/** An import that stands still ends too; what it stood still at is the cause. */
function overdueFailure(
  { at }: DiskObserved,
  dataVolume: ObservedDataVolume,
  progress: ImportProgress,
  policy: ImportPolicy,
): ImportFailure | undefined {
  const stillMs = at.getTime() - Date.parse(progress.lastProgressAt ?? at.toISOString());
  const started = progress.phase === 'Downloading' || progress.phase === 'Cloning';
  if (stillMs < (started ? policy.stalledMs : policy.unstartedMs)) return undefined;
  if (dataVolume.bound?.reason === 'ErrExceededQuota' || dataVolume.running?.reason === 'ErrExceededQuota')
    return CLUSTER_STORAGE_QUOTA;
  if (dataVolume.running?.reason === 'Unschedulable') return IMPORTER_UNSCHEDULABLE;
  return IMPORT_STALLED;
}

function failImport(
  desired: VmDisk,
  dataVolume: ObservedDataVolume,
  progress: ImportProgress,
  cause: ImportFailure,
): DiskPlan {
  const { code, message, remedy, retryable } = cause;
  const lastError = dataVolume.running?.message ?? progress.lastError;
  return {
    ...report(desired),
    phase: 'Failed',
    reason: code,
    message,
    conditions: [notReady(code, message), condition('Imported', 'False', code, message)],
    failure: { code, message, remedy, retryable },
    details: {
      import: { ...ended(progress), phase: 'Failed', ...(lastError ? { lastError } : {}) },
      attachedTo: desired.status.attachedTo,
    },
    // The importer would go on asking the source for ever.
    actions: [{ do: 'deleteDataVolume', uid: dataVolume.uid }],
    requeueAfterMs: SOON_MS,
  };
}

function retrying(
  desired: VmDisk,
  dataVolume: ObservedDataVolume,
  progress: ImportProgress,
  cause: ImportFailure,
): DiskPlan {
  const message = `${cause.message} Attempt ${progress.attempts} of ${cause.attempts}.`;
  return {
    ...report(desired),
    phase: 'Importing',
    reason: 'Retrying',
    message,
    conditions: [
      notReady('Retrying', message),
      condition('Imported', 'False', cause.code, message),
      ...bound(dataVolume),
    ],
    details: {
      import: { ...progress, phase: 'Retrying', lastError: dataVolume.running?.message ?? '' },
      attachedTo: desired.status.attachedTo,
    },
    actions: [],
    requeueAfterMs: WAITING_MS,
  };
}

function importing(desired: VmDisk, dataVolume: ObservedDataVolume, progress: ImportProgress): DiskPlan {
  const started = progress.phase !== 'Pending';
  const phase: DiskPhase = started || desired.phase === 'Importing' ? 'Importing' : 'Pending';
  const reason = progress.stalledSince ? 'Stalled' : phase === 'Importing' ? 'Importing' : 'Creating';
  const message = progress.stalledSince
    ? `No progress since ${progress.stalledSince}.`
    : phase === 'Importing'
      ? 'The disk is being filled.'
      : 'The cluster is making the disk.';
  return {
    ...report(desired),
    phase,
    reason,
    message,
    conditions: [notReady(reason, message), condition('Imported', 'False', reason, message), ...bound(dataVolume)],
    details: { import: progress, attachedTo: desired.status.attachedTo },
    actions: [],
    requeueAfterMs: WAITING_MS,
  };
}

function bound({ bound: seen }: ObservedDataVolume): ConditionReport<DiskConditionType>[] {
  if (!seen) return [];
  const isBound = seen.status === 'True';
  // CDI copies the newest event into this message, importer errors included: those belong to the operator's view.
  const message = isBound ? 'The storage is allocated.' : 'The storage is not bound yet.';
  return [condition('Bound', isBound ? 'True' : 'False', isBound ? 'Bound' : 'Pending', message)];
}
