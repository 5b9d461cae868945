/**
 * Reading and replacing conditions without touching times that did not change.
 *
 * lastTransitionTime moves only when the status flips: readers measure "how long has it been so" with it.
 */
import type { Condition, ConditionStatus } from './objects.ts';

/** The condition of that type, when present. */
export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is present with this status (and, when given, this reason). */
export function hasCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
  status: ConditionStatus,
  reason?: string,
): boolean {
  const found = conditionOf(conditions, type);
  return found !== undefined && found.status === status && (reason === undefined || found.reason === reason);
}

/**
 * A new list in which `next` stands in the place of the condition of its type, or at the end.
 * When status, reason and message are the same as before, the old condition is kept with its times.
 */
export function withCondition(conditions: readonly Condition[] | undefined, next: Condition): Condition[] {
  const list = [...(conditions ?? [])];
  const at = list.findIndex((condition) => condition.type === next.type);
  const old = list[at];
  if (old === undefined) return [...list, next];
  list[at] = merged(old, next);
  return list;
}

/** A new list without the conditions of these types. */
export function withoutConditions(conditions: readonly Condition[] | undefined, ...types: string[]): Condition[] {
  return (conditions ?? []).filter((condition) => !types.includes(condition.type));
}

function merged(old: Condition, next: Condition): Condition {
  if (old.status !== next.status) return next;
  const sameText = (old.reason ?? '') === (next.reason ?? '') && (old.message ?? '') === (next.message ?? '');
  if (sameText) return old;
  return { ...next, lastTransitionTime: old.lastTransitionTime ?? next.lastTransitionTime ?? null };
}
