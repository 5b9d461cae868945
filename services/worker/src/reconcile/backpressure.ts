/**
 * How a row tells that its change waits for its turn in the cluster: one condition that is no failure, and a look when its
 * turn may have come. The count of attempts does not grow: nothing went wrong.
 */
import type { Kind } from '@compute/domain';
import type { Loaded, PlanOf, Reconciler } from './reconciler.ts';
import { withCondition } from './refusal.ts';

export const BUSY_REASON = 'WaitingForCluster';
const BUSY_MESSAGE = 'The cluster takes only so many changes at a time; this one waits for its turn.';

/** The plan as it is written down while its actions wait: nothing is done now. A deletion already says what it waits for. */
export function withWait<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  { refusalCondition: type }: Reconciler<K, S, A>,
  { desired }: S,
  plan: PlanOf<K, A>,
  absenceMs: number,
): PlanOf<K, A> {
  const waiting = { ...plan, actions: [], requeueAfterMs: absenceMs };
  if (desired.deletionRequestedAt !== undefined) return waiting;
  return withCondition<K, A>(waiting, { type, status: 'False', reason: BUSY_REASON, message: BUSY_MESSAGE });
}
