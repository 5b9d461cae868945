/**
 * What one kind of resource supplies to the one loop: how to load it, how to decide, how to act.
 *
 * `plan` observes caches and calls a pure planner of the domain; it changes nothing. `perform` carries out one action and
 * decides nothing. Everything between them (commit, order, retries, refusals) is the loop's.
 */
import type { ActionOutcome } from '@compute/cluster';
import type { ConditionReport, ImportProgress, Kind, Plan, ResourceOf } from '@compute/domain';
import type { DetailsOf } from '@compute/store';

type StatusOf<K extends Kind> = ResourceOf[K]['status'];
export type ConditionTypeOf<K extends Kind> = StatusOf<K>['conditions'][number]['type'];
export type PlanOf<K extends Kind, Action> = Plan<ResourceOf[K]['phase'], ConditionTypeOf<K>, DetailsOf<K>, Action>;

/** What was loaded for one look; kinds add what else of our own rows their decision needs. */
export interface Loaded<K extends Kind> {
  /** The row as it stands. */
  readonly desired: ResourceOf[K];
  /** How often in a row the worker failed at it. */
  readonly attempts: number;
  /** When it is due anyway. */
  readonly nextLookAt?: Date;
}

export interface Reconciler<K extends Kind, Scope extends Loaded<K>, Action extends { readonly do: string }> {
  readonly kind: K;
  /** The condition that tells a user that the cluster refuses the spec. */
  readonly refusalCondition: ConditionTypeOf<K>;
  /** The row and what else of our own rows the decision needs; undefined when the row is gone. */
  load(uid: string): Promise<Scope | undefined>;
  plan(scope: Scope): PlanOf<K, Action>;
  /** Throws only what is wrong with the worker or the row, not what the cluster answers. */
  perform(action: Action, scope: Scope): Promise<ActionOutcome>;
  /** What the cluster still has of the row, asked of the cluster itself, since caches may lag. */
  leftovers(scope: Scope): Promise<readonly string[]>;
  /**
   * The plan as it is written down when the cluster refuses an action that the spec did not ask for; undefined for one
   * that it did. `words` are the cluster's.
   */
  refused?(scope: Scope, plan: PlanOf<K, Action>, action: Action, words: string): PlanOf<K, Action> | undefined;
  /** The new figures, if the plan differs from the row in nothing else: they are written in batches, not one by one. */
  progressOnly?(scope: Scope, plan: PlanOf<K, Action>): ImportProgress | undefined;
}

/** Whether the conditions of a row already say what a plan says. */
export function sameConditions(before: readonly ConditionReport[], after: readonly ConditionReport[]): boolean {
  const text = ({ type, status, reason, message }: ConditionReport) => JSON.stringify([type, status, reason, message]);
  const known = new Set(before.map(text));
  return before.length === after.length && after.every((condition) => known.has(text(condition)));
}
