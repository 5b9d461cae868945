/**
 * Decides a change of what is wanted. What does not change anything writes nothing; only a new spec, or a retry, makes
 * a new generation.
 */
import {
  type AnyResource,
  type DiskIntent,
  diskIntentAfter,
  Fault,
  intentAfter,
  OVERTAKES,
  type PowerRequest,
  type PowerVerb,
  powerOfEdit,
  type VmIntent,
} from '@compute/domain';
import { sameJson } from '../canonical-json.ts';
import type { WantCommand } from '../commands.ts';
import { claimOfBoth } from '../quota/claim-keys.ts';
import type { Batch } from '../write/batch.ts';
import type { Decision } from '../write/decision.ts';
import { change, type Entry } from '../write/entry.ts';
import { answeredResource, earlierRequest, remember } from '../write/idempotent-replay.ts';
import { attachDisks, refuseTakenDisks, wakeDisk } from './disk-attachments.ts';
import { settleUsage } from './settle-usage.ts';
import { startOperation } from './start-operation.ts';

/** Throws NotFound, PreconditionFailed, IdempotencyMismatch, WrongPowerState, NotCancellable, DiskInUse, QuotaExceeded. */
export function decideWant(batch: Batch, command: WantCommand): Decision {
  const entry = batch.find(command.target);
  const earlier = earlierRequest(batch, entry.resource.project, 'want', command.idempotency);
  if (earlier) {
    const { operationId } = earlier;
    return async (after) => ({
      outcome: operationId === undefined ? 'unchanged' : 'configured',
      resource: await answeredResource(batch, earlier, after),
      ...(operationId === undefined ? {} : { operationId }),
      replayed: true,
    });
  }
  refuseVersion(entry, command.expectedSpecVersion);
  if (entry.resource.deletionRequestedAt)
    throw new Fault('PreconditionFailed', `${entry.resource.kind} '${entry.resource.name}' is being deleted.`);
  const specChanged = command.spec !== undefined && !sameJson(command.spec, entry.resource.spec);
  const wish = wishAfter(entry, command);
  const newGeneration = specChanged || isRetry(entry, command) || wish.isNew || command.found !== undefined;
  if (!newGeneration && !metadataChanged(entry, command)) {
    remember(batch, entry, 'want', command.idempotency, undefined);
    return () => ({ outcome: 'unchanged', resource: entry.resource, replayed: false });
  }
  if (newGeneration) endOvertaken(batch, entry, command);
  if (specChanged) wantSpec(batch, entry, command);
  if (command.found !== undefined) noteFound(entry, command.found);
  wantMetadata(entry, command);
  if (wish.isNew) change(entry, { intent: wish.intent });
  if (newGeneration) {
    change(entry, { generation: entry.resource.generation + 1 });
    batch.wake(entry, command.traceparent);
  }
  if (command.power !== undefined) recordPower(batch, entry, command.power, command);
  const verb = command.retry ? 'retry' : command.cancel ? 'cancel' : (command.power?.do ?? 'update');
  const operationId = startOperation(batch, entry, verb, command, !newGeneration);
  remember(batch, entry, 'want', command.idempotency, operationId);
  return () => ({ outcome: 'configured', resource: entry.resource, operationId, replayed: false });
}

/** A disk that is there has nothing to be tried again: asking twice is as asking once. */
function isRetry({ resource }: Entry, { retry = false }: WantCommand): boolean {
  const isWell = resource.phase === 'Ready' && resource.status.failure === undefined && resource.intent === undefined;
  return retry && !isWell;
}

interface Wish {
  readonly intent: VmIntent | DiskIntent | undefined;
  readonly isNew: boolean;
}

/** Every restart counts, also one that joins another: its caller has an operation to wait for. */
function wishAfter({ resource }: Entry, { spec, power, cancel = false }: WantCommand): Wish {
  if (resource.kind === 'VMDisk') {
    const intent = cancel ? diskIntentAfter(resource) : resource.intent;
    return { intent, isNew: intent !== resource.intent };
  }
  // A VMInstance is wanted with the spec of one.
  const wanted = (spec ?? resource.spec) as typeof resource.spec;
  const intent = intentAfter(resource, wanted, power);
  return { intent, isNew: power?.do === 'restart' || !sameJson(intent ?? {}, resource.intent ?? {}) };
}

/** Who waits for what will not happen any more hears of it now, and not when something else has become true. */
function endOvertaken(batch: Batch, { resource }: Entry, { spec, power }: WantCommand): void {
  if (resource.kind !== 'VMInstance') return;
  const verb = power?.do ?? powerOfEdit(resource.spec, (spec ?? resource.spec) as typeof resource.spec);
  if (verb === undefined) return;
  const { uid, generation } = resource;
  const error = {
    code: 'Overtaken',
    message: `A later request for the machine's power, a ${verb}, came before it was done.`,
  };
  batch.operationEnds.push({ uid, generation, error, verbs: OVERTAKES[verb] });
}

const ASKED: Readonly<Record<PowerVerb, readonly [to: string, message: string]>> = {
  start: ['Start', 'A start was asked for.'],
  stop: ['Stop', 'A stop was asked for.'],
  restart: ['Restart', 'A restart was asked for.'],
  pause: ['Pause', 'A pause was asked for.'],
  unpause: ['Unpause', 'The end of the pause was asked for.'],
};

function graceSentence(graceSeconds: number): string {
  return graceSeconds === 0 ? 'The guest is ended at once.' : `The guest has ${graceSeconds} s to shut down.`;
}

function recordPower(batch: Batch, entry: Entry, request: PowerRequest, by: WantCommand): void {
  const [to, message] = ASKED[request.do];
  const graceSeconds = 'graceSeconds' in request ? request.graceSeconds : undefined;
  const sentences = graceSeconds === undefined ? message : `${message} ${graceSentence(graceSeconds)}`;
  const line = { type: 'Power', to, reason: 'Requested', message: sentences, at: batch.momentOf(entry) };
  batch.record(entry, line, by);
}

/** Throws `PreconditionFailed` when the row moved on since the caller read it. */
export function refuseVersion(entry: Entry, expected: number | undefined): void {
  if (expected === undefined || expected === entry.resource.specVersion) return;
  const { kind, name } = entry.resource;
  throw new Fault('PreconditionFailed', `${kind} '${name}' was changed meanwhile.`, { resource: { kind, name } });
}

function metadataChanged(entry: Entry, { labels, annotations, managedFields }: WantCommand): boolean {
  const { resource } = entry;
  return (
    (labels !== undefined && !sameJson(labels, resource.labels)) ||
    (annotations !== undefined && !sameJson(annotations, resource.annotations)) ||
    (managedFields !== undefined && !sameJson(managedFields, resource.managedFields ?? []))
  );
}

function wantMetadata(entry: Entry, { labels, annotations, managedFields }: WantCommand): void {
  change(entry, {
    labels: labels ?? entry.resource.labels,
    annotations: annotations ?? entry.resource.annotations,
    ...(managedFields === undefined ? {} : { managedFields }),
    specVersion: entry.resource.specVersion + 1,
  });
}

/** A worker that loaded the row before must not write what it saw then. */
function noteFound(entry: Entry, found: NonNullable<WantCommand['found']>): void {
  const { status, statusVersion } = entry.resource;
  change(entry, { status: { ...status, ...found } as AnyResource['status'], statusVersion: statusVersion + 1 });
}

/** Checks first; from `change` on nothing can fail. */
function wantSpec(batch: Batch, entry: Entry, command: WantCommand): void {
  const { spec, claim, chargedStatus, attachments, traceparent } = command;
  const { resource } = entry;
  const present = new Set(batch.attachments.disksOf(resource.uid).map(({ disk }) => disk));
  const wanted = attachments === undefined ? present : new Set(attachments.map(({ disk }) => disk));
  const added = [...wanted].filter((disk) => !present.has(disk));
  refuseTakenDisks(batch, resource, added);
  const held = claim === undefined ? resource.claim : claimOfBoth(resource.claim, claim);
  batch.quota.charge(resource.project, resource.claim, held, command);

  const status = chargedStatus === undefined ? resource.status : { ...resource.status, ...chargedStatus };
  change(entry, { ...(spec === undefined ? {} : { spec }), claim: held, status });
  for (const disk of new Set([...present, ...wanted])) wakeDisk(batch, resource.project, disk, traceparent);
  for (const disk of present) if (!wanted.has(disk)) batch.attachments.detach(resource.uid, disk);
  attachDisks(batch, resource, added);
  settleUsage(batch, entry, batch.momentOf(entry), command);
}
