/**
 * Import progress as a user may rely on it: the percentage never goes back, is never 100 before the disk is ready,
 * and is absent while unknown. CDI's own figure begins at 0 again with each attempt; what is shown then stands still
 * until the new attempt overtakes the old one, while rate and stall follow the attempt.
 */
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import type { ImportPhase, ImportProgress } from './vm-disk.ts';

const MAX_UNFINISHED_PERCENT = 99.99;
/** No movement for this long is shown as a stall. */
export const STALLED_AFTER_MS = 60_000;
/** Weight of the newest look in the rate. */
const SMOOTHING = 0.4;

const PHASE_OF: Readonly<Record<string, ImportPhase>> = {
  ImportScheduled: 'Scheduled',
  ImportInProgress: 'Downloading',
  CloneScheduled: 'Scheduled',
  CloneInProgress: 'Cloning',
  CSICloneInProgress: 'Cloning',
  SnapshotForSmartCloneInProgress: 'Cloning',
  SmartClonePVCInProgress: 'Cloning',
  CloneFromSnapshotSourceInProgress: 'Cloning',
  PrepClaimInProgress: 'Cloning',
  RebindInProgress: 'Cloning',
  NamespaceTransferInProgress: 'Cloning',
  ExpansionInProgress: 'Cloning',
};

type Sighting = DiskObserved & { readonly dataVolume: ObservedDataVolume };

/** The progress after this look. `previous` is what was reported before, in the same import. */
export function nextProgress(previous: ImportProgress | undefined, observed: Sighting): ImportProgress {
  const { dataVolume, at } = observed;
  const phase = PHASE_OF[dataVolume.phase] ?? 'Pending';
  const attempts = attemptsSeen(previous, dataVolume);
  const lastProgressAt = hasMoved(previous, { phase, attempts, dataVolume })
    ? at.toISOString()
    : (previous?.lastProgressAt ?? at.toISOString());
  const isStalled = at.getTime() - Date.parse(lastProgressAt) >= STALLED_AFTER_MS;
  const percent = highest(previous?.percent, dataVolume.percent);
  const totalBytes = totalOf(observed) ?? previous?.totalBytes;
  return {
    phase,
    ...bytesOf(percent, totalBytes),
    ...(percent === undefined ? {} : { percent }),
    ...(isStalled ? {} : rateOf(previous, observed, totalBytes)),
    attempts,
    ...(previous?.lastError === undefined ? {} : { lastError: previous.lastError }),
    ...(isStalled ? { stalledSince: lastProgressAt } : {}),
    lastProgressAt,
    startedAt: previous?.startedAt ?? at.toISOString(),
    ...(dataVolume.percent === undefined ? {} : { attemptPercent: dataVolume.percent }),
  };
}

/**
 * How many attempts have begun. The cluster counts a restart when it is decided, which is a pause before it happens: while
 * the importer fails, the count names attempts that have been made. One that was killed for want of memory is made anew
 * and counts no restart, so its return is counted here.
 */
function attemptsSeen(previous: ImportProgress | undefined, dataVolume: ObservedDataVolume): number {
  const before = previous?.attempts ?? 1;
  if (isFailing(dataVolume)) return Math.max(before, dataVolume.restartCount);
  const begun = Math.max(before, dataVolume.restartCount + 1);
  return previous?.phase === 'Retrying' && begun === before ? before + 1 : begun;
}

/** Reasons of CDI's Running condition that mean that the importer has ended without having done its work. */
const FAILING = ['Error', 'ImagePullFailed', 'ChecksumError', 'OOMKilled'];

export const isFailing = ({ running }: ObservedDataVolume): boolean =>
  running?.status === 'False' && FAILING.includes(running.reason);

interface Step {
  readonly phase: ImportPhase;
  readonly attempts: number;
  readonly dataVolume: ObservedDataVolume;
}

/** A retry that still fails has not moved by the change of words alone: flapping between the two would hide a stall. */
function hasMoved(previous: ImportProgress | undefined, { phase, attempts, dataVolume }: Step): boolean {
  if (previous === undefined || attempts > previous.attempts) return true;
  if (dataVolume.percent !== undefined && dataVolume.percent !== attemptPercentOf(previous)) return true;
  return previous.phase !== phase && previous.phase !== 'Retrying';
}

/** Rows of an older version have the shown percentage alone. */
function attemptPercentOf(progress: ImportProgress | undefined): number | undefined {
  return progress?.attemptPercent ?? progress?.percent;
}

function highest(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined && now === undefined) return undefined;
  return Math.min(Math.max(before ?? 0, now ?? 0), MAX_UNFINISHED_PERCENT);
}

function totalOf({ source }: DiskObserved): number | undefined {
  return source?.state === 'found' ? source.totalBytes : undefined;
}

/** CDI tells a percentage alone; bytes follow from it where the source told its length. */
function bytesOf(
  percent: number | undefined,
  totalBytes: number | undefined,
): Pick<ImportProgress, 'totalBytes' | 'transferredBytes'> {
  if (totalBytes === undefined) return {};
  if (percent === undefined) return { totalBytes };
  return { totalBytes, transferredBytes: Math.floor((totalBytes * percent) / 100) };
}

type Rate = Pick<ImportProgress, 'bytesPerSecond' | 'estimatedCompletionTime' | 'percentPerSecond'>;

/** Rate and end are estimated only from two looks at one attempt between which the percentage rose. */
function rateOf(
  previous: ImportProgress | undefined,
  { at, dataVolume }: Sighting,
  totalBytes: number | undefined,
): Rate {
  const { percent } = dataVolume;
  const before = attemptPercentOf(previous);
  if (percent === before) return keepRate(previous, at);
  if (previous?.lastProgressAt === undefined || before === undefined || percent === undefined || percent < before)
    return {};
  const seconds = (at.getTime() - Date.parse(previous.lastProgressAt)) / 1000;
  if (seconds <= 0) return keepRate(previous, at);
  const measured = (percent - before) / seconds;
  const known = previous.percentPerSecond ?? measured;
  const percentPerSecond = known + (measured - known) * SMOOTHING;
  const end = new Date(at.getTime() + ((100 - percent) / percentPerSecond) * 1000);
  return {
    percentPerSecond,
    ...(totalBytes === undefined ? {} : { bytesPerSecond: Math.round((totalBytes * percentPerSecond) / 100) }),
    estimatedCompletionTime: end.toISOString(),
  };
}

/** An end that was expected and has passed was no estimate. */
function keepRate(previous: ImportProgress | undefined, at: Date): Rate {
  const { bytesPerSecond, estimatedCompletionTime, percentPerSecond } = previous ?? {};
  if (estimatedCompletionTime !== undefined && Date.parse(estimatedCompletionTime) <= at.getTime()) return {};
  return {
    ...(percentPerSecond === undefined ? {} : { percentPerSecond }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(estimatedCompletionTime === undefined ? {} : { estimatedCompletionTime }),
  };
}

/** Of an import that has ended or waits for its next attempt: nothing is on its way. */
export function ended({
  bytesPerSecond: _rate,
  percentPerSecond: _percentRate,
  estimatedCompletionTime: _end,
  ...rest
}: ImportProgress): ImportProgress {
  return rest;
}
