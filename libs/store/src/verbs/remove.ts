/** Decides the end of a row: nothing of it is left in the cluster. History, usage and audit stay. */
import { Fault, OPERATION_VERBS } from '@compute/domain';
import type { RemoveCommand } from '../commands.ts';
import type { Batch } from '../write/batch.ts';
import type { Decision } from '../write/decision.ts';
import { wakeNeighbours } from './disk-attachments.ts';
import { refuseStale } from './observe.ts';

const OTHER_VERBS = OPERATION_VERBS.filter((verb) => verb !== 'delete');
const GONE = { from: 'Deleting', to: 'Deleted', type: 'Phase' };

/** Throws NotFound, Stale, PreconditionFailed (nobody asked for the deletion). */
export function decideRemove(batch: Batch, command: RemoveCommand): Decision {
  const entry = batch.find({ uid: command.uid });
  const { resource } = entry;
  refuseStale(entry, command.loaded);
  if (!resource.deletionRequestedAt)
    throw new Fault('PreconditionFailed', `${resource.kind} '${resource.name}' is not being deleted.`);
  const at = batch.momentOf(entry);
  const { reason = 'Deleted', message = 'Nothing of it is left in the cluster.' } = command;
  batch.record(entry, { ...GONE, reason, message, at }, command);
  batch.quota.charge(resource.project, resource.claim, {});
  batch.usage.end(resource.uid, at);
  wakeNeighbours(batch, entry, command.traceparent);
  for (const { disk } of batch.attachments.disksOf(resource.uid)) batch.attachments.detach(resource.uid, disk);
  const { uid, generation } = resource;
  const aborted = { code: 'Aborted', message: 'It was deleted before this was done.' };
  batch.operationEnds.push({ uid, generation, error: undefined, verbs: ['delete'] });
  batch.operationEnds.push({ uid, generation, error: aborted, verbs: OTHER_VERBS });
  entry.state = 'removed';
  return () => ({ outcome: 'removed' });
}
