/** Named readers of the usage feed, checkpoints and audits, as every face shows them. */
import type { MeteredSpan, UsageAuditReport, UsageCheckpoint, UsageConsumer } from '@compute/domain';

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

export function usageConsumerView(facts: UsageConsumer, cursor: string): UsageConsumerView {
  const { name, createdAt, ackedAt, eventsBehind, oldestUnread } = facts;
  return {
    ...{ name, cursor, eventsBehind },
    ...(oldestUnread === undefined ? {} : { oldestUnread: oldestUnread.toISOString() }),
    createdAt: createdAt.toISOString(),
    ...(ackedAt === undefined ? {} : { ackedAt: ackedAt.toISOString() }),
  };
}

export type UsageCheckpointView = Omit<UsageCheckpoint, 'periodEnd'> & { readonly periodEnd: string };

export function usageCheckpointView({ periodEnd, ...rest }: UsageCheckpoint): UsageCheckpointView {
  return { periodEnd: periodEnd.toISOString(), ...rest };
}

export function usageAuditView({ project, audited, findings }: UsageAuditReport) {
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
