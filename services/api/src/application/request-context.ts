/**
 * Who asks, on behalf of which request. Every application service takes it first; the faces make it from headers or
 * call metadata and decide nothing else.
 */
import type { Actor, ApiKeyScope } from '@compute/domain';
import type { Face } from '../open-streams.ts';

export interface Caller {
  /** Names the key (`key:…`) or the subject of the token (`oidc:…`); limits are counted by it. */
  readonly actor: Actor;
  /** Absent: every project. */
  readonly project?: string;
  /** False: a token names the project, so it may not exist. */
  readonly provesProject: boolean;
  readonly scopes: readonly ApiKeyScope[];
  /** When the key or the token ends by itself. */
  readonly expiresAt?: Date;
}

/** Where a request came in. */
export interface Origin {
  readonly face: Face;
  readonly address: string;
}

export interface RequestContext {
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: Origin;
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
