/** The shape of a machine's plan: what every rule is given and gives. */
import type { Plan } from '../plan.ts';
import type { VmAction, VmObserved, VmRendered } from './observed.ts';
import type { VmConditionType, VmInstance, VmInstanceStatus, VmPhase } from './vm-instance.ts';

export type VmDetails = Omit<VmInstanceStatus, 'conditions' | 'observedGeneration' | 'failure'>;
export type VmPlan = Plan<VmPhase, VmConditionType, VmDetails, VmAction>;

export interface VmPlanInput {
  readonly desired: VmInstance;
  readonly rendered: VmRendered;
  readonly observed: VmObserved;
  /** What is done about objects that somebody changed in the cluster by hand; `repair` when absent. */
  readonly driftPolicy?: DriftPolicy;
}

/** `repair`: what we wrote is put back. `report`: it is told and left alone until the spec changes. */
export const DRIFT_POLICIES = ['repair', 'report'] as const;
export type DriftPolicy = (typeof DRIFT_POLICIES)[number];
