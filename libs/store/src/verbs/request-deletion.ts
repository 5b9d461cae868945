/** Decides a request to delete: the row stays, in phase Deleting, until the cluster is empty of it. Safe to repeat. */

import { isFault } from '@compute/domain';
import type { RequestDeletionCommand } from '../commands.ts';
import type { Batch } from '../write/batch.ts';
import type { Decision } from '../write/decision.ts';
import { change, type Entry } from '../write/entry.ts';
import { answeredResource, earlierRequest, remember } from '../write/idempotent-replay.ts';
import { refuseDiskInUse, wakeNeighbours } from './disk-attachments.ts';
import { settleUsage } from './settle-usage.ts';
import { startOperation } from './start-operation.ts';
import { refuseVersion } from './want.ts';

const VERB = 'requestDeletion';

/** Throws NotFound, PreconditionFailed, IdempotencyMismatch, DiskInUse. */
export function decideRequestDeletion(batch: Batch, command: RequestDeletionCommand): Decision {
  const entry = batch.find(command.target);
  const { uid, project } = entry.resource;
  const earlier = earlierRequest(batch, project, VERB, command.idempotency);
  if (earlier) {
    const operationId = earlier.operationId ?? '';
    return async (after) => {
      const resource = await answeredResource(batch, earlier, after);
      return { outcome: 'deleting', resource, operationId, replayed: true };
    };
  }
  if (entry.resource.deletionRequestedAt) {
    const operationId = batch.openDeletions.get(uid) ?? '';
    remember(batch, entry, VERB, command.idempotency, operationId);
    return () => ({ outcome: 'deleting', resource: entry.resource, operationId, replayed: true });
  }
  refuseVersion(entry, command.expectedSpecVersion);
  if (entry.resource.kind === 'VMDisk') refuseDiskInUse(batch, entry.resource);
  const operationId = markDeleting(batch, entry, command);
  if (command.withDisks && entry.resource.kind === 'VMInstance') deleteDisks(batch, entry, command);
  remember(batch, entry, VERB, command.idempotency, operationId);
  return () => ({ outcome: 'deleting', resource: entry.resource, operationId, replayed: false });
}

function markDeleting(batch: Batch, entry: Entry, command: RequestDeletionCommand): string {
  const at = batch.momentOf(entry);
  const line = { type: 'Phase', from: entry.resource.phase, to: 'Deleting', reason: 'DeletionRequested' };
  entry.phaseSeq = batch.record(entry, { ...line, message: 'Deletion was requested.', at }, command);
  entry.deletionWithDisks = command.withDisks ?? false;
  change(entry, {
    phase: 'Deleting',
    phaseSince: at,
    deletionRequestedAt: batch.now,
    specVersion: entry.resource.specVersion + 1,
    statusVersion: entry.resource.statusVersion + 1,
  });
  settleUsage(batch, entry, at, command);
  batch.wake(entry, command.traceparent);
  wakeNeighbours(batch, entry, command.traceparent);
  const operationId = startOperation(batch, entry, 'delete', command);
  batch.openDeletions.set(entry.resource.uid, operationId);
  return operationId;
}

/** A disk that another VM uses stays. */
function deleteDisks(batch: Batch, vm: Entry, command: RequestDeletionCommand): void {
  for (const { disk } of batch.attachments.disksOf(vm.resource.uid)) {
    const entry = batch.byName('VMDisk', vm.resource.project, disk);
    if (!entry || entry.resource.deletionRequestedAt || isUsed(batch, entry)) continue;
    markDeleting(batch, entry, command);
  }
}

function isUsed(batch: Batch, disk: Entry): boolean {
  try {
    refuseDiskInUse(batch, disk.resource);
    return false;
  } catch (error) {
    if (isFault(error, 'DiskInUse')) return true;
    throw error;
  }
}
