/**
 * The import of a disk: how far it is, what it fails of, and when it has failed for good. CDI never ends a failing import,
 * so every way that an import can stand still has its end here.
 */
import { diskFailure } from '../failures/disk-failures.ts';
import { withoutUrlSecrets } from '../failures/url-secrets.ts';
import type { ConditionReport, FailureReport } from '../resource.ts';
import { attemptsFor, classifyImportError, type ImportError } from './import-failure.ts';
import { type Obstacle, obstacleOf } from './import-obstacle.ts';
import { DEFAULT_IMPORT_POLICY, type ImportPolicy } from './import-policy.ts';
import { ended, isFailing, nextProgress, STALLED_AFTER_MS } from './import-progress.ts';
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import {
  condition,
  type DiskPlan,
  type DiskPlanInput,
  failedPlan,
  notReady,
  report,
  SOON_MS,
  WAITING_MS,
} from './plan-report.ts';
import { imageBytes, type SourceFinding, tooLarge } from './source-finding.ts';
import type { DiskConditionType, DiskPhase, ImportProgress, VmDisk } from './vm-disk.ts';

interface Look {
  readonly desired: VmDisk;
  readonly observed: DiskObserved;
  readonly dataVolume: ObservedDataVolume;
  readonly progress: ImportProgress;
  readonly policy: ImportPolicy;
}

export function planImport(
  { desired, observed, policy = DEFAULT_IMPORT_POLICY }: DiskPlanInput,
  dataVolume: ObservedDataVolume,
): DiskPlan {
  const progress = nextProgress(desired.status.import, { ...observed, dataVolume });
  const look: Look = { desired, observed, dataVolume, progress, policy };
  const error = errorOf(look);
  if (error && (dataVolume.phase === 'Failed' || progress.attempts >= attemptsFor(error.patience, policy)))
    return failImport(look, failureOf(look, error));
  const obstacle = progress.phase === 'Downloading' || error ? undefined : obstacleOf(desired, observed, dataVolume);
  const overdue = overdueFailure(look, obstacle);
  if (overdue) return failImport(look, overdue);
  return error ? retrying(look, error) : importing(look, obstacle);
}

function errorOf({ dataVolume, observed }: Look): ImportError | undefined {
  const { phase, running } = dataVolume;
  if (phase !== 'Failed' && !isFailing(dataVolume)) return undefined;
  return sharpened(classifyImportError(running?.message ?? '', running?.reason), observed.source);
}

/** Where CDI's words say nothing, what the worker itself met at the URL may. */
function sharpened(error: ImportError, source: SourceFinding | undefined): ImportError {
  const isVague = error.code === 'ImportFailed';
  return isVague && source?.state === 'unreachable' ? { ...error, code: source.code } : error;
}

function failureOf({ desired, observed, dataVolume }: Look, { code }: ImportError): FailureReport {
  const neededBytes = code === 'ImageTooLarge' ? imageBytes(observed.source) : undefined;
  const sized = neededBytes === undefined ? undefined : tooLarge(desired.spec, neededBytes);
  return diskFailure(code, {
    ...(sized ? { message: sized.message } : {}),
    detail: withoutUrlSecrets(dataVolume.running?.message ?? ''),
  });
}

/** An import that stands still ends too; what it stood still at is the cause. */
function overdueFailure(
  { observed: { at }, progress, policy }: Look,
  obstacle: Obstacle | undefined,
): FailureReport | undefined {
  if (obstacle && !obstacle.failure) return undefined;
  if (sinceMs(progress.startedAt, at) >= policy.totalMs) return diskFailure('ImportTooSlow');
  if (sinceMs(progress.lastProgressAt, at) < stillLimitMs(progress, policy)) return undefined;
  return obstacle?.failure ?? diskFailure(hasStarted(progress) ? 'ImportStalled' : 'ImportNotStarted');
}

const sinceMs = (time: string | undefined, at: Date): number =>
  time === undefined ? 0 : at.getTime() - Date.parse(time);
const hasStarted = ({ phase }: ImportProgress): boolean => phase === 'Downloading' || phase === 'Cloning';
const stillLimitMs = (progress: ImportProgress, { stalledMs, unstartedMs }: ImportPolicy): number =>
  hasStarted(progress) ? stalledMs : unstartedMs;

/** At the latest when the next limit is reached: nothing in the cluster tells that nothing happens. */
function lookAgainMs({ observed: { at }, progress, policy }: Look): number {
  const stillMs = sinceMs(progress.lastProgressAt, at);
  const limits = [
    STALLED_AFTER_MS - stillMs,
    stillLimitMs(progress, policy) - stillMs,
    policy.totalMs - sinceMs(progress.startedAt, at),
  ];
  return Math.min(WAITING_MS, ...limits.filter((ms) => ms > 0).map((ms) => ms + 1));
}

function failImport({ desired, dataVolume, progress }: Look, failure: FailureReport): DiskPlan {
  return {
    ...failedPlan(desired, failure),
    details: {
      import: { ...ended(progress), phase: 'Failed', ...lastError(dataVolume, progress) },
      attachedTo: desired.status.attachedTo,
    },
    // The importer would go on asking the source for ever.
    actions: [{ do: 'deleteDataVolume', uid: dataVolume.uid }],
    requeueAfterMs: SOON_MS,
  };
}

/** "Import Complete" and the like are no errors; what was said before stands. */
function lastError(dataVolume: ObservedDataVolume, before: ImportProgress): Pick<ImportProgress, 'lastError'> {
  const said = isFailing(dataVolume) ? dataVolume.running?.message : undefined;
  const words = said ? withoutUrlSecrets(said) : before.lastError;
  return words ? { lastError: words } : {};
}

function retrying(look: Look, error: ImportError): DiskPlan {
  const { desired, dataVolume, progress, policy } = look;
  const { message: sentence } = diskFailure(error.code);
  const message = `${sentence} Attempt ${progress.attempts} of ${attemptsFor(error.patience, policy)}.`;
  return {
    ...report(desired),
    phase: 'Importing',
    reason: 'Retrying',
    message,
    conditions: [
      notReady('Retrying', message),
      condition('Imported', 'False', error.code, message),
      ...bound(dataVolume),
    ],
    details: {
      import: { ...ended(progress), phase: 'Retrying', ...lastError(dataVolume, progress) },
      attachedTo: desired.status.attachedTo,
    },
    actions: [],
    requeueAfterMs: lookAgainMs(look),
  };
}

function importing(look: Look, obstacle: Obstacle | undefined): DiskPlan {
  const { desired, dataVolume, progress } = look;
  const started = progress.phase !== 'Pending';
  const phase: DiskPhase = started || desired.phase === 'Importing' ? 'Importing' : 'Pending';
  const { reason, message } = obstacle ?? wordsOf(phase, progress);
  return {
    ...report(desired),
    phase,
    reason,
    message,
    conditions: [notReady(reason, message), condition('Imported', 'False', reason, message), ...bound(dataVolume)],
    details: { import: progress, attachedTo: desired.status.attachedTo },
    actions: [],
    requeueAfterMs: lookAgainMs(look),
  };
}

function wordsOf(
  phase: DiskPhase,
  { phase: step, stalledSince }: ImportProgress,
): Pick<Obstacle, 'reason' | 'message'> {
  if (stalledSince) return { reason: 'Stalled', message: `No progress since ${stalledSince}.` };
  if (step === 'Scheduled') return { reason: 'Starting', message: 'The import is about to begin.' };
  if (phase === 'Importing') return { reason: 'Importing', message: 'The disk is being filled.' };
  return { reason: 'Creating', message: 'The cluster is making the disk.' };
}

function bound({ bound: seen }: ObservedDataVolume): ConditionReport<DiskConditionType>[] {
  if (!seen) return [];
  const isBound = seen.status === 'True';
  // CDI copies the newest event into this message, importer errors included: those belong to the operator's view.
  const message = isBound ? 'The storage is allocated.' : 'The storage is not bound yet.';
  return [condition('Bound', isBound ? 'True' : 'False', isBound ? 'Bound' : 'Pending', message)];
}
