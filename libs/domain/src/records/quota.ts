/** Counters of a quota, who holds what of them, and what happened to their limits. */
import type { QuotaThreshold } from '../quota/thresholds.ts';
import type { ClaimMetric, Kind } from '../resource.ts';

/** One counter. Memory and storage are in MiB. `limit` null is unlimited. */
export interface QuotaCounter {
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly limit: number | null;
  readonly used: number;
}

/** One claim of a resource. `reserved` is the part of `held` that nothing stands behind yet. */
export interface QuotaHolding {
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly held: number;
  readonly reserved: number;
}

/** A resource and what it holds of the quota. */
export interface QuotaHolder {
  readonly kind: Kind;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly createdAt: Date;
  readonly claims: readonly QuotaHolding[];
}

export const QUOTA_HISTORY_TYPES = ['LimitChanged', 'ThresholdReached'] as const;
export type QuotaHistoryType = (typeof QUOTA_HISTORY_TYPES)[number];

/** What happened to a limit. Limits null: unlimited. Memory and storage are in MiB. */
export interface QuotaHistoryEntry {
  /** In the order of the change feed; decimal digits. */
  readonly seq: string;
  readonly at: Date;
  readonly project: string;
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly type: QuotaHistoryType;
  /** Of a threshold: per cent of the limit that use has reached. */
  readonly threshold?: QuotaThreshold;
  /** Of a changed limit: what it was before. */
  readonly limitBefore?: number | null;
  readonly limit: number | null;
  /** Whether somebody set the limit; otherwise it is the configured default. */
  readonly overridden: boolean;
  readonly used: number;
  readonly actor: string;
  readonly requestId: string;
  readonly traceId?: string;
}

export interface QuotaDrift {
  readonly project: string;
  readonly scope: string;
  readonly metric: string;
  readonly counted: number;
  readonly stored: number;
}
