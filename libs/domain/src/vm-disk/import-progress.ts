/**
 * Import progress as a user may rely on it: the percentage never goes back, is never 100 before the disk is ready,
 * and is absent while unknown. CDI's own figure jumps back at each restart of its importer.
 */
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import type { ImportPhase, ImportProgress } from './vm-disk.ts';

const MAX_UNFINISHED_PERCENT = 99.99;
/** No rise for this long is shown as a stall. */
export const STALLED_AFTER_MS = 60_000;

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

/** The progress after this look. `previous` is what was reported before, in the same import. */
export function nextProgress(
  previous: ImportProgress | undefined,
  observed: DiskObserved & { readonly dataVolume: ObservedDataVolume },
): ImportProgress {
  const { dataVolume, at } = observed;
  const percent = highest(previous?.percent, dataVolume.percent);
  const rose = percent !== undefined && percent > (previous?.percent ?? -1);
  const phase = PHASE_OF[dataVolume.phase] ?? 'Pending';
  // A retry that is still failing has not moved: otherwise flapping between the two would hide a stall for ever.
  const moved = rose || previous === undefined || (previous.phase !== phase && previous.phase !== 'Retrying');
  const lastProgressAt = moved ? at.toISOString() : (previous.lastProgressAt ?? at.toISOString());
  const isStalled = at.getTime() - Date.parse(lastProgressAt) >= STALLED_AFTER_MS;
  return {
    phase,
    ...bytesOf(percent, observed),
    ...(percent === undefined ? {} : { percent }),
    ...(isStalled ? {} : rateOf(previous, percent, rose, observed)),
    attempts: Math.max(previous?.attempts ?? 1, dataVolume.restartCount + 1),
    ...(previous?.lastError === undefined ? {} : { lastError: previous.lastError }),
    ...(isStalled ? { stalledSince: lastProgressAt } : {}),
    lastProgressAt,
  };
}

function highest(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined && now === undefined) return undefined;
  return Math.min(Math.max(before ?? 0, now ?? 0), MAX_UNFINISHED_PERCENT);
}

function bytesOf(
  percent: number | undefined,
  { transfer }: DiskObserved,
): Pick<ImportProgress, 'totalBytes' | 'transferredBytes'> {
  const totalBytes = transfer?.totalBytes;
  if (totalBytes === undefined) return {};
  if (percent === undefined) return { totalBytes };
  return { totalBytes, transferredBytes: Math.floor((totalBytes * percent) / 100) };
}

/** Rate and end are estimated only from two looks between which the percentage rose. */
function rateOf(
  previous: ImportProgress | undefined,
  percent: number | undefined,
  rose: boolean,
  { at, transfer }: DiskObserved,
): Pick<ImportProgress, 'bytesPerSecond' | 'estimatedCompletionTime'> {
  if (!rose) return keepRate(previous, at);
  if (previous?.percent === undefined || previous.lastProgressAt === undefined || percent === undefined) return {};
  const seconds = (at.getTime() - Date.parse(previous.lastProgressAt)) / 1000;
  if (seconds <= 0) return keepRate(previous, at);
  const percentPerSecond = (percent - previous.percent) / seconds;
  const end = new Date(at.getTime() + ((100 - percent) / percentPerSecond) * 1000);
  const total = transfer?.totalBytes;
  return {
    ...(total === undefined ? {} : { bytesPerSecond: Math.round((total * percentPerSecond) / 100) }),
    estimatedCompletionTime: end.toISOString(),
  };
}

/** An end that was expected and has passed was no estimate. */
function keepRate(
  previous: ImportProgress | undefined,
  at: Date,
): Pick<ImportProgress, 'bytesPerSecond' | 'estimatedCompletionTime'> {
  const { bytesPerSecond, estimatedCompletionTime } = previous ?? {};
  if (estimatedCompletionTime !== undefined && Date.parse(estimatedCompletionTime) <= at.getTime()) return {};
  return {
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(estimatedCompletionTime === undefined ? {} : { estimatedCompletionTime }),
  };
}

/** Of an import that has ended: nothing more is on its way. */
export function ended({
  bytesPerSecond: _rate,
  estimatedCompletionTime: _end,
  ...rest
}: ImportProgress): ImportProgress {
  return rest;
}
