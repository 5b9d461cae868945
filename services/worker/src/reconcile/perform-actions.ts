/**
 * Carries out what a plan decided, in order, and tells what went wrong first. Nothing after a failed action is done.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kind } from '@compute/domain';
import { between, stepNames } from '../fault-points.ts';
import { type ActionFailure, failureOfError, failureOfOutcome } from './action-failure.ts';
import type { LoopPorts } from './reconcile.ts';
import type { Loaded, Reconciler } from './reconciler.ts';

const SEEN_PAUSE_MS = 5;
const SEEN_LIMIT_MS = 250;

type PerformPorts = Pick<LoopPorts, 'points' | 'pace' | 'onFailure' | 'within'>;

/** Runs a step of a look, as a span of it where looks are traced. */
export function stepOf<T>({ within }: Pick<LoopPorts, 'within'>, step: string, work: () => Promise<T>): Promise<T> {
  return within === undefined ? work() : within(step, work);
}

export interface FailedAction<A> {
  readonly action: A;
  readonly failure: ActionFailure;
}

/** Resolves to the failure that ended it; undefined when all of it is done. */
export async function performAll<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  scope: S,
  actions: readonly A[],
  ports: PerformPorts,
): Promise<FailedAction<A> | undefined> {
  for (const action of actions) {
    const failure = await performOne(reconciler, action, scope, ports);
    if (failure !== undefined) return { action, failure };
  }
  await untilSeen(reconciler, scope, actions);
  return undefined;
}

async function performOne<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  action: A,
  scope: S,
  ports: PerformPorts,
): Promise<ActionFailure | undefined> {
  const name = stepNames.perform(reconciler.kind, action.do);
  try {
    await ports.pace.turn(scope.desired.project);
    const perform = () => between(ports.points, name, () => reconciler.perform(action, scope), scope.desired);
    const outcome = await stepOf(ports, `action ${action.do}`, perform);
    if (outcome.result === 'done') return undefined;
    const failure = failureOfOutcome(outcome);
    if (failure.kind === 'busy') ports.pace.hold(failure.afterMs);
    ports.onFailure?.(reconciler.kind, action.do, failure, outcome.message);
    return failure;
  } catch (error) {
    const failure = failureOfError(error);
    ports.onFailure?.(reconciler.kind, action.do, failure, error);
    return failure;
  }
}

/**
 * Waits until the caches show what was done, so that the next look, which may already wait, does not do it again. Doing it
 * twice would be harmless, so a cache that lags for long is not waited for.
 */
async function untilSeen<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  scope: S,
  done: readonly A[],
): Promise<void> {
  const isUnseen = () => reconciler.plan(scope).actions.some((action) => done.some((one) => one.do === action.do));
  const deadline = performance.now() + SEEN_LIMIT_MS;
  while (done.length > 0 && isUnseen() && performance.now() < deadline) await pause(SEEN_PAUSE_MS);
}
