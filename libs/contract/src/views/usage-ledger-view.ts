/** Named readers of the usage feed, checkpoints and audits, as every face shows them. */
import type { Kind, MeteredSpan } from '@compute/domain';

export interface UsageConsumerFacts {
  readonly name: string;
  readonly createdAt: Date;
  readonly ackedAt?: Date;
  readonly eventsBehind: number;
  readonly oldestUnread?: Date;
}

export interface UsageConsumerView {
  readonly name: string;
  /** Where it goes on: the `after` of its next page. */
  readonly cursor: string;
  readonly eventsBehind: number;
  /** Absent when it has taken everything. */
  readonly oldestUnread?: string;
  readonly createdAt: string;
  readonly ackedAt?: string;
}

export function usageConsumerView(facts: UsageConsumerFacts, cursor: string): UsageConsumerView {
  const { name, createdAt, ackedAt, eventsBehind, oldestUnread } = facts;
  return {
    ...{ name, cursor, eventsBehind },
    ...(oldestUnread === undefined ? {} : { oldestUnread: oldestUnread.toISOString() }),
    createdAt: createdAt.toISOString(),
    ...(ackedAt === undefined ? {} : { ackedAt: ackedAt.toISOString() }),
  };
}

export interface UsageCheckpointFacts {
  readonly periodEnd: Date;
  readonly chainPosition: string;
  readonly chainHash: string;
  readonly statement: string;
}

export type UsageCheckpointView = Omit<UsageCheckpointFacts, 'periodEnd'> & { readonly periodEnd: string };

export function usageCheckpointView({ periodEnd, ...rest }: UsageCheckpointFacts): UsageCheckpointView {
  return { periodEnd: periodEnd.toISOString(), ...rest };
}

export interface UsageAuditFacts {
  readonly project: string;
  readonly audited: number;
  readonly findings: readonly {
    readonly uid: string;
    readonly kind: Kind;
    readonly name: string;
    readonly missing: readonly MeteredSpan[];
    readonly surplus: readonly MeteredSpan[];
  }[];
}

export function usageAuditView({ project, audited, findings }: UsageAuditFacts) {
  return {
    ...{ project, audited },
    findings: findings.map(({ missing, surplus, ...resource }) => ({
      ...resource,
      missing: missing.map(spanView),
      surplus: surplus.map(spanView),
    })),
  };
}

function spanView({ meter, dimensions, from, to }: MeteredSpan) {
  return { meter, dimensions, from: from.toISOString(), ...(to === undefined ? {} : { to: to.toISOString() }) };
}
