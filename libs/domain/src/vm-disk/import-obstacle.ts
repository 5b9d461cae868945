/**
 * Why an import that the cluster has taken does not begin. Each obstacle is shown while it lasts; one that lasts too
 * long is what the import fails of.
 */
import { type DiskFailureCode, diskFailure } from '../failures/disk-failures.ts';
import { withoutUrlSecrets } from '../failures/url-secrets.ts';
import type { FailureReport } from '../resource.ts';
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import { sourceKind, type VmDisk } from './vm-disk.ts';

export interface Obstacle {
  /** Stands as the reason of the conditions. */
  readonly reason: string;
  readonly message: string;
  /** What it becomes when it does not go away; absent for what a user of the project can end at any time. */
  readonly failure?: FailureReport;
}

export function obstacleOf(
  desired: VmDisk,
  observed: DiskObserved,
  dataVolume: ObservedDataVolume,
): Obstacle | undefined {
  return (
    operatorObstacle(desired, observed, dataVolume) ??
    (sourceKind(desired.spec.source) === 'disk' ? originInUse(observed) : undefined)
  );
}

function operatorObstacle(
  { spec }: VmDisk,
  { warnings = [] }: DiskObserved,
  { running, bound, ready }: ObservedDataVolume,
): Obstacle | undefined {
  const reasons = [running, bound, ready].filter((condition) => condition !== undefined);
  const quota = reasons.find(({ reason }) => reason === 'ErrExceededQuota');
  const quotaWarning = warnings.find(({ message }) => message.includes('exceeded quota'));
  if (quota || quotaWarning) return blocked('ClusterStorageQuota', (quotaWarning ?? quota)?.message);
  const isMissing = reasons.some(({ reason }) => reason === 'CloneWithoutSource');
  if (isMissing && sourceKind(spec.source) === 'image') return blocked('ImageMissing', bound?.message);
  if (running?.reason === 'Unschedulable') return blocked('ImporterUnschedulable', running.message);
  const provisioning = warnings.find(({ reason }) => reason === 'ProvisioningFailed');
  if (provisioning) return blocked('StorageUnavailable', provisioning.message);
  const unknownClass = reasons.find(({ reason }) => reason === 'ErrClaimNotValid');
  return unknownClass ? blocked('StorageUnavailable', unknownClass.message) : undefined;
}

function blocked(code: DiskFailureCode, words = ''): Obstacle {
  const failure = diskFailure(code, { detail: withoutUrlSecrets(words) });
  return { reason: code, message: failure.message, failure };
}

/** CDI copies no disk that a machine has plugged in, and waits. */
function originInUse({ origin }: DiskObserved): Obstacle | undefined {
  if (origin === undefined || origin.usedByMachines.length === 0) return undefined;
  const machines = origin.usedByMachines.join(', ');
  return { reason: 'SourceDiskInUse', message: `Waits until ${machines} has let go of disk '${origin.name}'.` };
}
