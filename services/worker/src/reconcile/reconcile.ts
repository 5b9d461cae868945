/**
 * The one loop. Every kind goes through it: load, observe and plan, commit, perform.
 *
 * The order is what keeps a crash harmless: what was seen and decided is committed first, by compare-and-set on the row
 * that was loaded, and only the winner acts. Actions are idempotent, so whatever a crash leaves undone is decided again
 * from the row and the cluster. Nothing here may depend on a previous run.
 */
import {
  type Actor,
  type AnyResource,
  type FailureReport,
  type ImportProgress,
  isFault,
  type Kind,
  type ResourceOf,
} from '@compute/domain';
import type { LoadedVersions, ObserveCommand, RemoveCommand } from '@compute/store';
import { between, type FaultPoints, stepNames } from '../fault-points.ts';
import type { ProgressFlusher } from '../import-progress/progress-flusher.ts';
import type { ActionFailure } from './action-failure.ts';
import { withWait } from './backpressure.ts';
import type { ClusterPace } from './cluster-pace.ts';
import { performAll, stepOf } from './perform-actions.ts';
import type { Loaded, PlanOf, Reconciler } from './reconciler.ts';
import { keepRefusal, withRefusal } from './refusal.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

export const WORKER_ACTOR: Actor = { type: 'system', id: 'worker' };
/** A row that changed while it was looked at is looked at again at once, but not for ever. */
const STALE_LIMIT = 3;

export type Outcome = 'done' | 'removed' | 'gone' | 'stale' | 'progress' | 'retry' | 'busy' | 'refused';

export interface LookRequest {
  readonly uid: string;
  /** Stands in the history of what the look causes. */
  readonly traceparent?: string;
}

/** What the loop needs of the store. */
export interface RowWriter {
  /** Throws `Fault('Stale')` when the row moved since it was loaded. */
  observe<K extends Kind>(command: ObserveCommand<K>): Promise<unknown>;
  remove(command: RemoveCommand): Promise<unknown>;
  lookLater(uid: string, afterMs: number, attempts: number): Promise<unknown>;
}

export interface LoopPorts {
  readonly rows: RowWriter;
  readonly retry: RetryPolicy;
  readonly pace: Pick<ClusterPace, 'turn' | 'absenceOf' | 'sendBack' | 'hold'>;
  readonly points: FaultPoints;
  readonly progress: Pick<ProgressFlusher, 'offer' | 'forget'>;
  /** Runs each step of a look that a request caused; for traces. */
  readonly within?: <T>(step: string, work: () => Promise<T>) => Promise<T>;
  /** Hears of each phase that a commit changed; for metrics. */
  readonly onPhase?: <K extends Kind>(before: ResourceOf[K], phase: ResourceOf[K]['phase']) => void;
  /** Hears of each look whose actions wait for the cluster. */
  readonly onSentBack?: (kind: Kind) => void;
  /** Hears of each resource that begins to fail of something; for logs, with the cluster's own words. */
  readonly onFailed?: (row: AnyResource, failure: FailureReport) => void;
  /** Hears of each failed action before it is written down; for logs and metrics. */
  readonly onFailure?: (kind: Kind, action: string, failure: ActionFailure, cause: unknown) => void;
}

/** Looks at one resource once. Throws only what is wrong with the worker itself (database away, a bug). */
export async function reconcile<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  poke: LookRequest,
  ports: LoopPorts,
): Promise<Outcome> {
  for (let attempt = 1; attempt <= STALE_LIMIT; attempt += 1) {
    try {
      return await look(reconciler, poke, ports);
    } catch (error) {
      if (isFault(error, 'NotFound')) return 'gone';
      if (!isFault(error, 'Stale')) throw error;
    }
  }
  return 'stale';
}

async function look<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  poke: LookRequest,
  ports: LoopPorts,
): Promise<Outcome> {
  const decided = await stepOf(ports, 'plan', () => decide(reconciler, poke));
  if (!decided) return 'gone';
  const { scope, plan } = decided;
  if (plan.outcome === 'remove') return remove(reconciler, scope, plan, poke, ports);
  const figures = reconciler.progressOnly?.(scope, plan);
  if (figures) return offerProgress(scope, figures, plan.requeueAfterMs, ports);
  const absenceMs = plan.actions.length === 0 ? undefined : ports.pace.absenceOf(scope.desired.project);
  if (absenceMs !== undefined) {
    ports.onSentBack?.(reconciler.kind);
    await commit<K, A>(scope, withWait(reconciler, scope, plan, absenceMs), poke, ports);
    return 'busy';
  }
  await commit<K, A>(scope, plan, poke, ports);
  const failed = await performAll(reconciler, scope, plan.actions, ports);
  if (failed === undefined) return 'done';
  const { action, failure } = failed;
  if (failure.kind === 'busy') {
    const waiting = withWait(reconciler, scope, plan, ports.pace.sendBack(scope.desired.project));
    await showAfterwards(reconciler, scope, waiting, poke, ports);
    return 'busy';
  }
  if (failure.kind === 'retry') return retryLater(poke.uid, scope.attempts, ports, failure.retryAfterMs);
  const shown = reconciler.refused?.(scope, plan, action, failure.message);
  const refusal = shown ?? withRefusal(reconciler, plan, failure.message);
  await showAfterwards(reconciler, scope, refusal, poke, ports);
  return 'refused';
}

/** What was loaded and what follows from it; undefined when the row is gone. */
async function decide<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  { uid }: LookRequest,
): Promise<{ scope: S; plan: PlanOf<K, A> } | undefined> {
  const scope = await reconciler.load(uid);
  return scope && { scope, plan: keepRefusal(reconciler, scope, reconciler.plan(scope)) };
}

/** A row goes only when the cluster itself says that nothing is left: what is forgotten here would run unpaid for ever. */
async function remove<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  scope: S,
  { reason, message }: PlanOf<K, A>,
  { traceparent }: LookRequest,
  ports: LoopPorts,
): Promise<Outcome> {
  const row: ResourceOf[K] = scope.desired;
  const left = await reconciler.leftovers(scope);
  if (left.length > 0) return retryLater(row.uid, scope.attempts, ports);
  const { kind, uid } = row;
  const trace = traceparent === undefined ? {} : { traceparent };
  const command = { actor: WORKER_ACTOR, uid, loaded: versionsOf(row), reason, message, ...trace };
  await between(ports.points, stepNames.remove(kind), () => ports.rows.remove(command), row);
  ports.progress.forget(uid);
  return 'removed';
}

/** The row's due time goes along with the figures, and only when it comes near: a statement of its own would defeat the batches. */
function offerProgress<K extends Kind>(
  { desired: { uid }, nextLookAt }: Loaded<K>,
  figures: ImportProgress,
  requeueAfterMs: number | undefined,
  { progress }: LoopPorts,
): Outcome {
  const dueInMs = nextLookAt === undefined ? 0 : nextLookAt.getTime() - Date.now();
  const isNear = requeueAfterMs !== undefined && dueInMs < requeueAfterMs / 2;
  progress.offer({ uid, import: figures, ...(isNear ? { nextLookAfterMs: requeueAfterMs } : {}) });
  return 'progress';
}

async function commit<K extends Kind, A>(
  { desired, attempts }: Loaded<K>,
  plan: PlanOf<K, A>,
  { traceparent }: LookRequest,
  ports: LoopPorts,
): Promise<void> {
  const { kind, uid } = desired;
  const { phase, reason, message, conditions, details, happenedAt, failure, requeueAfterMs } = plan;
  const command: ObserveCommand<K> = {
    actor: WORKER_ACTOR,
    uid,
    loaded: versionsOf(desired),
    phase,
    reason,
    message,
    conditions,
    details,
    attempts: plan.actions.length > 0 ? attempts : 0,
    ...(happenedAt === undefined ? {} : { happenedAt }),
    ...(failure === undefined ? {} : { failure }),
    ...(requeueAfterMs === undefined ? {} : { nextLookAfterMs: requeueAfterMs }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  ports.progress.forget(uid);
  const write = () => between(ports.points, stepNames.commit(kind), () => ports.rows.observe(command), desired);
  await stepOf(ports, 'store observe', write);
  if (phase !== desired.phase) ports.onPhase?.(desired, phase);
  if (failure && failure.code !== desired.status.failure?.code) ports.onFailed?.(desired, failure);
}

/** Makes the row due again after a pause that grows with each failure before it. */
async function retryLater(
  uid: string,
  attempts: number,
  { rows, retry }: Pick<LoopPorts, 'rows' | 'retry'>,
  retryAfterMs?: number,
): Promise<Outcome> {
  await rows.lookLater(uid, retryDelayMs(attempts, retry, retryAfterMs), attempts + 1);
  return 'retry';
}

/** Writes what the cluster's answer means on the row, unless the spec changed meanwhile: that spec gets its own look. */
async function showAfterwards<K extends Kind, S extends Loaded<K>, A extends { readonly do: string }>(
  reconciler: Reconciler<K, S, A>,
  { desired: { generation } }: S,
  plan: PlanOf<K, A>,
  poke: LookRequest,
  ports: LoopPorts,
): Promise<void> {
  const fresh = await reconciler.load(poke.uid);
  if (fresh?.desired.generation === generation) await commit<K, A>(fresh, plan, poke, ports);
}

function versionsOf({ specVersion, statusVersion }: LoadedVersions): LoadedVersions {
  return { specVersion, statusVersion };
}
