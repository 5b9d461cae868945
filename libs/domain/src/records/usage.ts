/** What was used: the events of the ledger, their sums, who reads them, and what proves them. */
import type { Kind } from '../resource.ts';
import type { Dimensions, Meter } from '../usage/meters.ts';
import type { MeteredSpan } from '../usage/replay.ts';

export interface UsageEvent {
  readonly id: string;
  /** Gap-free; decimal digits; the cursor after this event. */
  readonly position: string;
  readonly project: string;
  readonly meter: Meter;
  readonly uid: string;
  readonly kind: Kind;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly from: Date;
  readonly to: Date;
  /** Negative on a correction. */
  readonly durationMs: number;
  readonly corrects?: string;
  readonly recordedAt: Date;
  /** Place in the chain of its project, gap-free; decimal digits. */
  readonly chainPosition: string;
  /** SHA-256 over the event and the hash before it, in hexadecimal digits. */
  readonly chainHash: string;
}

export interface UsageSummaryRow {
  readonly meter: Meter;
  readonly dimensions: Dimensions;
  readonly uid?: string;
  readonly kind?: Kind;
  readonly name?: string;
  /** Start of the hour or day, in UTC. */
  readonly periodStart?: Date;
  readonly durationMs: number;
}

/** A named reader of the feed. */
export interface UsageConsumer {
  readonly name: string;
  /** The last event that it took. */
  readonly position: string;
  readonly createdAt: Date;
  readonly ackedAt?: Date;
  readonly eventsBehind: number;
  /** When the first event that it has not taken was recorded. */
  readonly oldestUnread?: Date;
}

export interface UsageCheckpoint {
  readonly periodEnd: Date;
  readonly chainPosition: string;
  readonly chainHash: string;
  /** A JWS (EdDSA) of the same. */
  readonly statement: string;
}

/** A resource of which history and ledger tell different things. */
export interface UsageAuditFinding {
  readonly uid: string;
  readonly kind: Kind;
  readonly name: string;
  /** What history demands and nobody metered. */
  readonly missing: readonly MeteredSpan[];
  /** What was metered and history does not know. */
  readonly surplus: readonly MeteredSpan[];
}

export interface UsageAuditReport {
  readonly project: string;
  /** Resources that were looked at. */
  readonly audited: number;
  readonly findings: readonly UsageAuditFinding[];
}
