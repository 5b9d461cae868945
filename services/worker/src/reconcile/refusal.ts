/**
 * How a row tells that the cluster refuses its spec: one condition, in the cluster's words, that stands until the spec
 * changes or is taken after all. Replacing it by the planner's "applying" at each look would make it flap.
 */
import type { ConditionReport, Kind } from '@compute/domain';
import type { ConditionTypeOf, Loaded, PlanOf, Reconciler } from './reconciler.ts';
import { REFUSED_LOOK_MS } from './retry-policy.ts';

export const REFUSED_REASON = 'RefusedByCluster';

/** The plan as it is written down after a refusal: nothing more to do, and a look much later. */
export function withRefusal<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  { refusalCondition: type }: Reconciler<K, S, A>,
  plan: PlanOf<K, A>,
  words: string,
): PlanOf<K, A> {
  const message = `The cluster refuses the spec: ${words}`;
  const shown = withCondition<K, A>(plan, { type, status: 'False', reason: REFUSED_REASON, message });
  return { ...shown, actions: [], requeueAfterMs: REFUSED_LOOK_MS };
}

/** While the refused spec still waits to be applied, the row goes on saying why it is not. */
export function keepRefusal<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  { refusalCondition }: Reconciler<K, S, A>,
  { desired }: S,
  plan: PlanOf<K, A>,
): PlanOf<K, A> {
  const before = desired.status.conditions.find(({ type }) => type === refusalCondition);
  const stands = before?.reason === REFUSED_REASON && before.observedGeneration === desired.generation;
  if (!stands || plan.outcome === 'remove' || plan.actions.length === 0) return plan;
  const { status, reason, message } = before;
  return {
    ...withCondition<K, A>(plan, { type: refusalCondition, status, reason, message }),
    requeueAfterMs: REFUSED_LOOK_MS,
  };
}

/** The plan with one condition in place of the one it has of that type. */
export function withCondition<K extends Kind, A>(
  plan: PlanOf<K, A>,
  condition: ConditionReport<ConditionTypeOf<K>>,
): PlanOf<K, A> {
  const others = plan.conditions.filter(({ type }) => type !== condition.type);
  return { ...plan, conditions: [...others, condition] };
}
