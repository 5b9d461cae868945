/**
 * Gives up an import that its user has cancelled. One that the cluster has finished meanwhile is not given up: data
 * that is there is never deleted for a wish that came too late. Failed with its own code, it can be retried.
 */
import { diskFailure } from '../failures/disk-failures.ts';
import { ended } from './import-progress.ts';
import { isCancelled } from './intent.ts';
import type { DiskAction } from './observed.ts';
import { type DiskPlan, type DiskPlanInput, failedPlan, SETTLED_MS, SOON_MS, wasReady } from './plan-report.ts';

/** Undefined when nothing is to be given up. */
export function planCancellation({ desired, observed: { dataVolume } }: DiskPlanInput): DiskPlan | undefined {
  if (!isCancelled(desired) || wasReady(desired) || dataVolume?.phase === 'Succeeded') return undefined;
  const { import: progress, attachedTo } = desired.status;
  const actions: DiskAction[] =
    dataVolume && !dataVolume.deleting ? [{ do: 'deleteDataVolume', uid: dataVolume.uid }] : [];
  return {
    ...failedPlan(desired, diskFailure('ImportCancelled')),
    details: { import: { ...ended(progress ?? NOT_BEGUN), phase: 'Failed' }, attachedTo },
    actions,
    requeueAfterMs: dataVolume ? SOON_MS : SETTLED_MS,
  };
}

const NOT_BEGUN = { phase: 'Pending', attempts: 1 } as const;
