/**
 * Who asks, on behalf of which request. Every application service takes it first; the faces make it from headers or
 * call metadata and decide nothing else.
 */
import type { Scope } from '@compute/contract';
import type { Actor } from '@compute/domain';

export interface Caller {
  readonly actor: Actor;
  readonly keyId: string;
  /** Absent: every project. */
  readonly project?: string;
  readonly scopes: readonly Scope[];
}

export interface RequestContext {
  readonly caller: Caller;
  readonly requestId: string;
  /** W3C trace context of this request's own span. */
  readonly traceparent?: string;
}

/** What may come with a request that changes something. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** If-Match, or a gRPC etag. */
  readonly ifMatch?: string;
  /** Idempotency-Key, or a gRPC request id. */
  readonly idempotencyKey?: string;
  /** The manifest says who owns its fields (`metadata.managedFields`): only for the face that keeps that record itself. */
  readonly keepsOwners?: boolean;
}
