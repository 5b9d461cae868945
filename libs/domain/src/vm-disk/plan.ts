/**
 * Decides the next step for one disk: what to report, what to do, when to look again.
 *
 * Pure: the only clock is `observed.at`. The same input always gives the same plan, so a lost or repeated job is
 * harmless. Rules are ordered; the first that matches wins. A DataVolume is applied only while there is none, since
 * CDI forbids changing one; growth goes to the claim. Data that was once Ready is never deleted or imported again
 * without the user's word.
 */
import type { Plan } from '../plan.ts';
import { parseQuantityMib } from '../quantity.ts';
import type { ConditionReport, FailureReport } from '../resource.ts';
import {
  CLUSTER_STORAGE_QUOTA,
  classifyImportError,
  IMPORT_STALLED,
  IMPORTER_UNSCHEDULABLE,
  type ImportFailure,
} from './import-failure.ts';
import { nextProgress } from './import-progress.ts';
import type { DiskAction, DiskObserved, ObservedClaim, ObservedDataVolume } from './observed.ts';
import {
  type DiskConditionType,
  type DiskPhase,
  type ImportProgress,
  sourceKind,
  type VmDisk,
  type VmDiskStatus,
} from './vm-disk.ts';

export type DiskDetails = Omit<VmDiskStatus, 'conditions' | 'observedGeneration' | 'failure'>;
export type DiskPlan = Plan<DiskPhase, DiskConditionType, DiskDetails, DiskAction>;

/** How long an import may stand still, by what it waits for. */
export interface ImportPolicy {
  /** Without any progress of the download. */
  readonly stalledMs: number;
  /** Until the cluster has begun the import at all. */
  readonly unstartedMs: number;
}

export const DEFAULT_IMPORT_POLICY: ImportPolicy = { stalledMs: 10 * 60_000, unstartedMs: 10 * 60_000 };

export interface DiskPlanInput {
  readonly desired: VmDisk;
  readonly observed: DiskObserved;
  readonly policy?: ImportPolicy;
}

const SOON_MS = 5_000;
const WAITING_MS = 15_000;
const SETTLED_MS = 300_000;
/** A deletion that lasts longer says what blocks it. */
const DELETION_STUCK_MS = 300_000;

export function planDisk(input: DiskPlanInput): DiskPlan {
  const { desired, observed } = input;
  if (desired.deletionRequestedAt) return planDeletion(desired, observed);
  if (hasFailedImport(desired)) return stayFailed(desired, observed);

  const { dataVolume, claim } = observed;
  if (!dataVolume) return wasReady(desired) ? dataLost(desired) : planFirstApply(desired, observed);
  if (dataVolume.deleting || desired.status.import?.phase === 'Failed') return clearOldVolume(desired, dataVolume);
  if (claim?.phase === 'Lost') return dataLost(desired);
  if (dataVolume.phase === 'Succeeded' || wasReady(desired)) return planReady(desired, observed, dataVolume);
  return planImport(input, dataVolume);
}

const wasReady = (disk: VmDisk): boolean => disk.status.import?.phase === 'Done';

/** A failed import stays failed until the user asks anew, which raises the generation. */
const hasFailedImport = (disk: VmDisk): boolean =>
  disk.status.import?.phase === 'Failed' && disk.status.observedGeneration === disk.generation;

function planDeletion(desired: VmDisk, observed: DiskObserved): DiskPlan {
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

function planReady(desired: VmDisk, observed: DiskObserved, dataVolume: ObservedDataVolume): DiskPlan {
  const { claim } = observed;
  if (claim?.phase !== 'Bound') return waitForBinding(desired, observed, dataVolume);
  const wantedMib = parseQuantityMib(desired.spec.storage) ?? 0;
  const mustAsk = (claim.requestedMib ?? wantedMib) < wantedMib;
  const resizing = mustAsk || (claim.capacityMib ?? wantedMib) < wantedMib;
  const actions: DiskAction[] = mustAsk ? [{ do: 'growClaim', storage: desired.spec.storage }] : [];
  const details = readyDetails(desired, claim, dataVolume);
  const conditions = [
    condition('Ready', 'True', 'Ready', 'The disk can be attached.'),
    condition('Imported', 'True', 'Imported', importedMessage(desired)),
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

const importedMessage = (desired: VmDisk): string =>
  sourceKind(desired.spec.source) === 'blank' ? 'An empty disk.' : 'The image is on the disk.';

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
    conditions: [notReady('Binding', message), condition('Bound', 'False', 'Pending', message)],
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
    conditions: [notReady('Unbound', message), condition('Bound', 'False', 'Unbound', message)],
    actions: [],
    requeueAfterMs: SOON_MS,
  };
}

function planImport({ desired, observed, policy }: DiskPlanInput, dataVolume: ObservedDataVolume): DiskPlan {
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
      import: { ...progress, phase: 'Failed', ...(lastError ? { lastError } : {}) },
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

function condition(
  type: DiskConditionType,
  status: 'True' | 'False',
  reason: string,
  message: string,
): ConditionReport<DiskConditionType> {
  return { type, status, reason, message };
}

const notReady = (reason: string, message: string): ConditionReport<DiskConditionType> =>
  condition('Ready', 'False', reason, message);

/** What a plan carries over from the row when a rule says nothing else. */
function report(desired: VmDisk): Pick<DiskPlan, 'outcome' | 'details'> {
  const { import: progress, capacity, attachedTo } = desired.status;
  return {
    outcome: 'keep',
    details: {
      ...(progress ? { import: progress } : {}),
      ...(capacity === undefined ? {} : { capacity }),
      attachedTo,
    },
  };
}
