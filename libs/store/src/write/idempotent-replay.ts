/** A request that comes again with its idempotency key is answered as the first time, and does nothing. */
import { Fault } from '@compute/domain';
import type { Idempotency } from '../commands.ts';
import type { Batch, IdempotencyRow } from './batch.ts';
import type { AfterStoring } from './decision.ts';
import type { Entry } from './entry.ts';

/** The row of the first request, or undefined when this is it. Throws `IdempotencyMismatch` for another request. */
export function earlierRequest(
  batch: Batch,
  project: string,
  verb: string,
  idempotency: Idempotency | undefined,
): IdempotencyRow | undefined {
  if (!idempotency) return undefined;
  const earlier = batch.idempotency(project, idempotency.key);
  if (!earlier) return undefined;
  if (earlier.verb === verb && Buffer.compare(earlier.requestHash, idempotency.requestHash) === 0) return earlier;
  throw new Fault('IdempotencyMismatch', 'This idempotency key was used for a different request.');
}

/** The resource as the first request was answered; from the batch itself when both requests came together. */
export async function answeredResource(batch: Batch, earlier: IdempotencyRow, after: AfterStoring) {
  if (earlier.resourceVersion !== undefined) return after.asAnswered(earlier.uid, earlier.resourceVersion);
  return batch.find({ uid: earlier.uid }).resource;
}

export function remember(
  batch: Batch,
  entry: Entry,
  verb: string,
  idempotency: Idempotency | undefined,
  operationId: string | undefined,
): void {
  if (!idempotency) return;
  const { project, uid } = entry.resource;
  const { key, requestHash } = idempotency;
  batch.addIdempotency({ project, key, requestHash, verb, uid, operationId, resourceVersion: undefined });
}
