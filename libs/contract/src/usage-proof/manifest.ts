/** What comes with an export of usage: which part of the ledger it is and what it must come to. Signed as a whole. */
import type { Meter } from '@compute/domain';

export const USAGE_MANIFEST_TYPE = 'compute.usage.export.v1';
export const USAGE_CHECKPOINT_TYPE = 'compute.usage.checkpoint.v1';

export interface UsageManifestSum {
  readonly meter: Meter;
  readonly events: number;
  readonly durationMs: number;
}

export interface UsageManifest {
  readonly type: typeof USAGE_MANIFEST_TYPE;
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly sums: readonly UsageManifestSum[];
  readonly firstChainPosition: string;
  /** The hash that the first event is chained to. */
  readonly previousHash: string;
  readonly lastChainPosition: string;
  readonly lastHash: string;
  /** Signed when the periods were closed, long before anybody asked for this export. */
  readonly checkpoints: readonly string[];
}

/** The manifest as it is handed out: to read, and as the statement (a JWS) that counts. */
export interface SignedUsageManifest {
  readonly manifest: UsageManifest;
  readonly statement: string;
}

export interface ExportFacts {
  readonly project: string;
  readonly from: Date;
  readonly to: Date;
  readonly count: number;
  readonly sums: readonly UsageManifestSum[];
  readonly firstChainPosition: string;
  readonly previousHash: string;
  readonly lastChainPosition: string;
  readonly lastHash: string;
  readonly checkpoints: readonly string[];
}

export function usageManifest(facts: ExportFacts): UsageManifest {
  const { project, from, to, count, sums, checkpoints } = facts;
  const { firstChainPosition, previousHash, lastChainPosition, lastHash } = facts;
  return {
    type: USAGE_MANIFEST_TYPE,
    ...{ project, from: from.toISOString(), to: to.toISOString(), count, sums },
    ...{ firstChainPosition, previousHash, lastChainPosition, lastHash, checkpoints },
  };
}
