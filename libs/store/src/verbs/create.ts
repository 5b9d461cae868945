/** Decides a creation: name free, disks free, quota there; then the first row of everything. */
import { type AnyResource, Fault } from '@compute/domain';
import type { CreateCommand } from '../commands.ts';
import { newUid } from '../new-uid.ts';
import type { Batch } from '../write/batch.ts';
import type { Decision } from '../write/decision.ts';
import type { Entry } from '../write/entry.ts';
import { answeredResource, earlierRequest, remember } from '../write/idempotent-replay.ts';
import { attachDisks, refuseTakenDisks, wakeNeighbours } from './disk-attachments.ts';
import { settleUsage } from './settle-usage.ts';
import { startOperation } from './start-operation.ts';

const CREATED = { reason: 'Created', message: 'Accepted.' };
const ADOPTED = { reason: 'Adopted', message: 'It was in the cluster already and has been taken over as it was.' };

/** Throws NotFound (project), IdempotencyMismatch, AlreadyExists, DiskInUse, QuotaExceeded. */
export function decideCreate(batch: Batch, command: CreateCommand): Decision {
  const { kind, project, name } = command;
  refuseUnknownProject(batch, project);
  const earlier = earlierRequest(batch, project, 'create', command.idempotency);
  if (earlier) {
    const operationId = earlier.operationId ?? '';
    return async (after) => {
      const resource = await answeredResource(batch, earlier, after);
      return { outcome: 'created', resource, operationId, replayed: true };
    };
  }
  if (batch.byName(kind, project, name))
    throw new Fault('AlreadyExists', `There is a ${kind} '${name}' already.`, { resource: { kind, name } });
  const uid = command.adopted?.uid ?? newUid();
  if (batch.byUid(uid)) throw new Fault('AlreadyExists', `There is a resource with the uid ${uid} already.`);
  const disks = new Set(command.attachments?.map(({ disk }) => disk));
  refuseTakenDisks(batch, { uid, project }, disks);
  if (command.adopted?.beyondQuota) batch.quota.chargeBeyondLimit(project, command.claim, command);
  else batch.quota.charge(project, {}, command.claim, command);

  const entry = newEntry(batch, uid, command);
  batch.put(entry);
  attachDisks(batch, { uid, project, name }, disks);
  const origin = command.adopted ? ADOPTED : CREATED;
  entry.phaseSeq = batch.record(entry, { type: 'Phase', to: command.phase, ...origin, at: batch.now }, command);
  if (entry.resource.kind === 'VMDisk' && entry.resource.spec.optical) batch.attachments.loosen(project, name);
  settleUsage(batch, entry, batch.now, command);
  batch.wake(entry, command.traceparent);
  wakeNeighbours(batch, entry, command.traceparent);
  const operationId = startOperation(batch, entry, 'create', command);
  remember(batch, entry, 'create', command.idempotency, operationId);
  return () => ({ outcome: 'created', resource: entry.resource, operationId, replayed: false });
}

export function refuseUnknownProject(batch: Batch, project: string): void {
  if (!batch.keys.get(project))
    throw new Fault('NotFound', `There is no project '${project}'.`, { resource: { kind: 'Project', name: project } });
}

function newEntry(batch: Batch, uid: string, command: CreateCommand): Entry {
  const { kind, project, name, labels = {}, annotations = {}, spec, claim, status, phase } = command;
  const versions = { generation: 1, specVersion: 1, statusVersion: 1, resourceVersion: '0' };
  const owners = command.managedFields === undefined ? {} : { managedFields: command.managedFields };
  const meta = { uid, kind, project, name, labels, annotations, ...owners, ...versions, createdAt: batch.now };
  return {
    // `kind` ties spec, status and phase together in the command already.
    resource: { ...meta, spec, claim, status, phase, phaseSince: batch.now } as AnyResource,
    storedSpec: undefined,
    chargedAs: undefined,
    phaseSeq: 0,
    transitionSeq: 0,
    transitionAt: batch.now,
    deletionWithDisks: false,
    attempts: 0,
    nextLookAt: batch.now,
    state: 'added',
  };
}
