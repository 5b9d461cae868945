/**
 * Growing a disk that holds its data. What goes wrong here harms nothing: the disk goes on with the size that it has, and
 * says why it has no more.
 */
import { diskFailure } from '../failures/disk-failures.ts';
import { parseQuantityMib } from '../quantity.ts';
import type { FailureReport } from '../resource.ts';
import type { DiskAction, ObservedClaim } from './observed.ts';
import { condition, type DiskPlan, SETTLED_MS, WAITING_MS } from './plan-report.ts';
import type { VmDisk } from './vm-disk.ts';

type Growth = Pick<DiskPlan, 'phase' | 'reason' | 'message' | 'conditions' | 'actions' | 'requeueAfterMs' | 'failure'>;

/** Undefined when the disk has what it asks for. */
export function growthOf(desired: VmDisk, claim: ObservedClaim): Growth | undefined {
  const wantedMib = parseQuantityMib(desired.spec.storage) ?? 0;
  const mustAsk = (claim.requestedMib ?? wantedMib) < wantedMib;
  if (!mustAsk && (claim.capacityMib ?? wantedMib) >= wantedMib) return undefined;
  const actions: DiskAction[] = mustAsk ? [{ do: 'growClaim', storage: desired.spec.storage }] : [];
  if (!mustAsk && claim.resize?.state === 'infeasible')
    return cannotGrow(diskFailure('GrowFailed', { detail: claim.resize.message }), actions);
  const refused = mustAsk ? standingRefusal(desired) : undefined;
  return refused ? cannotGrow(refused, actions) : growing(desired, claim, actions);
}

/** How a disk goes on whose claim the cluster refused to make larger; `words` are the cluster's. */
export function growthRefused(plan: DiskPlan, words: string): DiskPlan {
  const others = plan.conditions.filter(({ type }) => type !== 'Resized');
  const growth = cannotGrow(diskFailure('GrowRefused', { detail: words }), []);
  return { ...plan, ...growth, conditions: [...others, ...growth.conditions] };
}

/** It is asked for again with each of the rare looks, and keeps saying why it was refused meanwhile. */
function standingRefusal({ status, generation }: VmDisk): FailureReport | undefined {
  if (status.failure?.code !== 'GrowRefused' || status.observedGeneration !== generation) return undefined;
  const { since: _since, ...failure } = status.failure;
  return failure;
}

function cannotGrow(failure: FailureReport, actions: DiskAction[]): Growth {
  const { code, message } = failure;
  return {
    phase: 'Ready',
    reason: code,
    message,
    conditions: [condition('Resized', 'False', code, message)],
    failure,
    actions,
    requeueAfterMs: SETTLED_MS,
  };
}

function growing({ spec }: VmDisk, { resize }: ObservedClaim, actions: DiskAction[]): Growth {
  const [reason, message] =
    resize?.state === 'fileSystem'
      ? ['WaitingForMachine', 'The storage has grown; the file system on it grows when a machine next uses the disk.']
      : resize?.state === 'failing'
        ? ['GrowRetrying', `Growing to ${spec.storage} failed and is tried again.`]
        : ['Growing', `Growing to ${spec.storage}.`];
  return {
    phase: 'Resizing',
    reason,
    message,
    conditions: [condition('Resized', 'False', reason, message)],
    actions,
    requeueAfterMs: WAITING_MS,
  };
}
