/**
 * Turns checked manifests into commands of the store. The one place where a face's request becomes a claim, a first
 * phase and attachments.
 */
import { type Desired, isPlainObject } from '@compute/contract';
import { type Catalogue, Fault, type Kind, type ResourceOf } from '@compute/domain';
import type { Attributed, CreateCommand, WantCommand } from '@compute/store';
import { KIND_POLICIES } from './kind-policy.ts';
import type { RequestContext, WriteOptions } from './request-context.ts';
import { requestHash } from './request-hash.ts';

/** Who did it, in the course of what, and from where. */
export function attribution({ caller, requestId, origin, traceparent }: RequestContext): Attributed {
  return { actor: caller.actor, requestId, origin, ...(traceparent === undefined ? {} : { traceparent }) };
}

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The idempotency of a request, if its caller asked for it. `request` is everything that makes it what it is; `part`
 * tells the documents of one request apart. A rehearsal remembers nothing, but refuses what the real request would.
 */
export function idempotency(
  { idempotencyKey, dryRun }: WriteOptions,
  request: readonly unknown[],
  part = '',
): Pick<CreateCommand, 'idempotency'> {
  if (idempotencyKey === undefined) return {};
  if (!IDEMPOTENCY_KEY.test(idempotencyKey))
    throw new Fault('InvalidArgument', 'An idempotency key has 1 to 255 printable ASCII characters.');
  if (dryRun) return {};
  return { idempotency: { key: idempotencyKey + part, requestHash: requestHash(...request) } };
}

/** Who owns the fields of a manifest, where its face keeps a record of that. */
export function owners({ keepsOwners }: WriteOptions, manifest: unknown): Pick<CreateCommand, 'managedFields'> {
  if (keepsOwners !== true || !isPlainObject(manifest) || !isPlainObject(manifest.metadata)) return {};
  const { managedFields } = manifest.metadata;
  return { managedFields: Array.isArray(managedFields) ? managedFields.filter(isPlainObject) : [] };
}

export function createCommand<K extends Kind>(
  context: RequestContext,
  project: string,
  desired: Desired<K>,
  catalogue: Catalogue,
): CreateCommand<K> {
  const { claim, phase, status, attachments } = KIND_POLICIES[desired.kind].charge(desired.spec, catalogue);
  return { ...attribution(context), ...desired, project, phase, status, claim, attachments };
}

export function wantCommand<K extends Kind>(
  context: RequestContext,
  before: ResourceOf[K],
  desired: Desired<K>,
  catalogue: Catalogue,
): WantCommand<K> {
  const policy = KIND_POLICIES[desired.kind];
  const charge = policy.charge(desired.spec, catalogue);
  return {
    ...attribution(context),
    target: { uid: before.uid, project: before.project },
    expectedSpecVersion: before.specVersion,
    labels: desired.labels,
    annotations: desired.annotations,
    spec: desired.spec,
    claim: charge.claim,
    chargedStatus: policy.chargedStatus(charge) as NonNullable<WantCommand<K>['chargedStatus']>,
    attachments: charge.attachments,
  };
}
