/**
 * Decides a report of a worker: compare-and-set on both versions, then history, usage, released quota and finished
 * operations by difference. A report that says nothing new only moves the time of the next look.
 */
import {
  type AnyResource,
  type Condition,
  type Failure,
  Fault,
  failedWish,
  isOver,
  isSettled,
  OPERATION_VERBS,
  type OperationError,
  POWER_VERBS,
} from '@compute/domain';
import { sameJson } from '../canonical-json.ts';
import type { LoadedVersions, ObserveCommand } from '../commands.ts';
import { claimWithin } from '../quota/claim-keys.ts';
import { neededClaim } from '../quota/needed-claim.ts';
import type { Batch } from '../write/batch.ts';
import type { Decision } from '../write/decision.ts';
import { change, type Entry, schedule } from '../write/entry.ts';
import { wakeNeighbours } from './disk-attachments.ts';
import { settleUsage } from './settle-usage.ts';

/** Throws NotFound, Stale, and Internal for a step that the lifecycle does not know. */
export function decideObserve(batch: Batch, command: ObserveCommand): Decision {
  const entry = batch.find({ uid: command.uid });
  refuseStale(entry, command.loaded);
  batch.refuseIllegalMove(entry.resource, command.phase);
  const at = batch.momentOf(entry, command.happenedAt);
  const before = entry.resource;
  const status = nextStatus(before, command, at);
  schedule(entry, nextLook(batch, command), command.attempts ?? entry.attempts);
  if (before.phase === command.phase && sameJson(before.status, status))
    return () => ({ outcome: 'unchanged', resource: entry.resource });

  recordConditions(batch, entry, status.conditions, command, at);
  if (before.phase !== command.phase) movePhase(batch, entry, command, at);
  change(entry, { status, statusVersion: before.statusVersion + 1 });
  if (isLetGo(before, entry.resource)) wakeNeighbours(batch, entry, command.traceparent);
  settleUsage(batch, entry, at, command);
  giveBack(batch, entry);
  endOperations(batch, entry);
  return () => ({ outcome: 'changed', resource: entry.resource });
}

/** Whether a disk has changed hands: the machine that waits for it has no other way to hear of it. */
function isLetGo(before: AnyResource, now: AnyResource): boolean {
  if (before.kind !== 'VMDisk' || now.kind !== 'VMDisk') return false;
  return before.status.attachedTo.some((machine) => !now.status.attachedTo.includes(machine));
}

/** Throws `Stale` when somebody else wrote since the row was loaded. */
export function refuseStale({ resource }: Entry, loaded: LoadedVersions): void {
  if (resource.specVersion === loaded.specVersion && resource.statusVersion === loaded.statusVersion) return;
  throw new Fault('Stale', `${resource.kind} '${resource.name}' was written since it was loaded.`);
}

function nextLook(batch: Batch, { nextLookAfterMs }: ObserveCommand): Date | undefined {
  return nextLookAfterMs === undefined ? undefined : new Date(batch.now.getTime() + nextLookAfterMs);
}

function nextStatus(before: AnyResource, command: ObserveCommand, at: Date) {
  const conditions = command.conditions.map((report): Condition => {
    const old = before.status.conditions.find(({ type }) => type === report.type);
    const lastTransitionTime = old?.status === report.status ? old.lastTransitionTime : at.toISOString();
    return { ...report, lastTransitionTime, observedGeneration: before.generation };
  });
  const failure = nextFailure(before.status.failure, command, at);
  const envelope = { conditions, observedGeneration: before.generation, ...(failure ? { failure } : {}) };
  return { ...command.details, ...envelope };
}

function nextFailure(old: Failure | undefined, { failure }: ObserveCommand, at: Date): Failure | undefined {
  if (!failure) return undefined;
  return { ...failure, since: old?.code === failure.code ? old.since : at.toISOString() };
}

function movePhase(batch: Batch, entry: Entry, command: ObserveCommand, at: Date): void {
  const { phase, reason, message } = command;
  const line = { type: 'Phase', from: entry.resource.phase, to: phase, reason, message, at };
  entry.phaseSeq = batch.record(entry, line, command);
  change(entry, { phase, phaseSince: at });
  wakeNeighbours(batch, entry, command.traceparent);
}

function recordConditions(batch: Batch, entry: Entry, after: readonly Condition[], by: ObserveCommand, at: Date) {
  const before = entry.resource.status.conditions as readonly Condition[];
  for (const { type, status, reason, message } of after) {
    const from = before.find((old) => old.type === type)?.status;
    if (from === status) continue;
    batch.record(entry, { type, to: status, reason, message, at, ...(from === undefined ? {} : { from }) }, by);
  }
  for (const { type, status } of before) {
    if (after.some((condition) => condition.type === type)) continue;
    const line = { type, from: status, to: 'Unknown', reason: 'NotKnown', message: 'No longer reported.', at };
    batch.record(entry, line, by);
  }
}

/** A claim that shrank was held until the smaller size is true: now it is. */
function giveBack(batch: Batch, entry: Entry): void {
  const { resource } = entry;
  if (!isTrue(resource)) return;
  const claim = claimWithin(resource.claim, neededClaim(resource));
  if (sameJson(claim, resource.claim)) return;
  batch.quota.charge(resource.project, resource.claim, claim);
  change(entry, { claim });
}

/** Whether the cluster has what the spec says, without a restart that is still owed. */
function isTrue(resource: AnyResource): boolean {
  if (!isSettled(resource.kind, resource.phase) || resource.phase === 'Failed') return false;
  if (resource.kind === 'VMDisk') return true;
  const applied = resource.status.conditions.find(({ type }) => type === 'SpecApplied');
  return applied?.status === 'True' && resource.status.restartRequired === undefined;
}

function powerError(resource: AnyResource): OperationError | undefined {
  const failed = resource.kind === 'VMInstance' ? failedWish(resource) : undefined;
  return failed && { code: failed.code, message: failed.message };
}

function endOperations(batch: Batch, { resource }: Entry): void {
  if (!isOver(resource) || resource.deletionRequestedAt) return;
  const { uid, generation } = resource;
  const failed = errorOf(resource);
  batch.operationEnds.push({ uid, generation, error: failed, verbs: WORK_VERBS });
  batch.operationEnds.push({ uid, generation, error: failed ?? powerError(resource), verbs: POWER_VERBS });
  // A cancellation has done its work when the import has failed of it, and came too late when the disk is ready.
  const tooLate = { code: 'NotCancellable', message: 'It was done before it could be cancelled.' };
  const error = resource.phase === 'Failed' ? undefined : tooLate;
  batch.operationEnds.push({ uid, generation, error, verbs: ['cancel'] });
}

const ENDED_OTHERWISE: ReadonlySet<string> = new Set(['delete', 'cancel', ...POWER_VERBS]);
const WORK_VERBS = OPERATION_VERBS.filter((verb) => !ENDED_OTHERWISE.has(verb));

function errorOf({ kind, phase, status: { failure } }: AnyResource): OperationError | undefined {
  if (!failure) return phase === 'Failed' ? { code: 'Failed', message: `The ${kind} failed.` } : undefined;
  // A failure beside another phase, as of a disk that could not grow: it works, but is not what was asked for.
  const { code, message, remedy, retryable } = failure;
  return { code, message, remedy, retryable };
}
