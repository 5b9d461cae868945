/** What the rules of a disk share: the shape of its plan, its conditions, and when to look again. */
import type { Plan } from '../plan.ts';
import type { ConditionReport, FailureReport } from '../resource.ts';
import type { ImportPolicy } from './import-policy.ts';
import type { DiskAction, DiskObserved } from './observed.ts';
import type { DiskConditionType, DiskPhase, VmDisk, VmDiskStatus } from './vm-disk.ts';

export type DiskDetails = Omit<VmDiskStatus, 'conditions' | 'observedGeneration' | 'failure'>;
export type DiskPlan = Plan<DiskPhase, DiskConditionType, DiskDetails, DiskAction>;

export interface DiskPlanInput {
  readonly desired: VmDisk;
  readonly observed: DiskObserved;
  readonly policy?: ImportPolicy;
}

export const SOON_MS = 5_000;
export const WAITING_MS = 15_000;
export const SETTLED_MS = 300_000;

/** Whether the disk has held its data once: from then on nothing is imported again without the user's word. */
export const wasReady = (disk: VmDisk): boolean => disk.status.import?.phase === 'Done';

export function condition(
  type: DiskConditionType,
  status: 'True' | 'False',
  reason: string,
  message: string,
): ConditionReport<DiskConditionType> {
  return { type, status, reason, message };
}

export const notReady = (reason: string, message: string): ConditionReport<DiskConditionType> =>
  condition('Ready', 'False', reason, message);

/** What a plan carries over from the row when a rule says nothing else. */
export function report(desired: VmDisk): Pick<DiskPlan, 'outcome' | 'details'> {
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

/** A plan that ends in `Failed`. What is known of the import stays, with nothing more on its way. */
export function failedPlan(desired: VmDisk, failure: FailureReport): Omit<DiskPlan, 'actions' | 'requeueAfterMs'> {
  const { code, message } = failure;
  return {
    ...report(desired),
    phase: 'Failed',
    reason: code,
    message,
    conditions: [notReady(code, message), condition('Imported', 'False', code, message)],
    failure,
  };
}
