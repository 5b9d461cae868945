/**
 * The shape of a decision. A planner takes what is desired and what was observed and returns one `Plan`; it touches
 * nothing. The executor performs `actions` in order and decides nothing.
 */
import type { ConditionReport, FailureReport } from './resource.ts';

export interface Plan<Phase extends string, ConditionType extends string, Details, Action> {
  /** `remove`: nothing of the resource is left in the cluster, the row can go. */
  readonly outcome: 'keep' | 'remove';
  readonly phase: Phase;
  readonly reason: string;
  readonly message: string;
  /** When the phase was reached, where the cluster tells; otherwise the time of the commit counts. */
  readonly happenedAt?: Date;
  /** Only the conditions that are known now; an absent type is removed. */
  readonly conditions: readonly ConditionReport<ConditionType>[];
  readonly failure?: FailureReport;
  /** The rest of the status. */
  readonly details: Details;
  readonly actions: readonly Action[];
  /** When to look again even if nothing happens. Absent only with `remove`. */
  readonly requeueAfterMs?: number;
}

/** One object of ours in the cluster, as far as every rule needs it. */
export interface ObservedObject {
  readonly uid: string;
  /** The hash of the manifest that was applied last, from the object's annotation; absent on foreign objects. */
  readonly manifestHash?: string;
  /** Digest of what is still as we wrote it; absent where nothing tells, or where the cluster itself wrote it otherwise. */
  readonly content?: string;
  readonly deleting: boolean;
  /** Finalizers of an object that is being deleted: who must let go of it first. */
  readonly heldBy?: readonly string[];
}

export interface ObservedCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}
