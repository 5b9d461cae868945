/**
 * What the database needs from time to time: partitions ahead of need, retention, expiry, and a recount of all quota
 * counters against the rows.
 *
 * A counter that differs from the rows is a bug by definition. The recount repairs it, since a wrong counter refuses or
 * admits the wrong requests until then, and raises an alarm, since repairing does not explain it.
 */
import type { QuotaDrift } from '@compute/domain';
import type { PartitionsBefore } from '@compute/store';
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';

const EVERY_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Keys are promised for 24 h. */
const IDEMPOTENCY_MS = 2 * DAY_MS;
/** How long the log of webhooks' deliveries is kept, and with it what can be asked for again. */
const DELIVERIES_DAYS = 30;

export interface UpkeepPort extends LeadershipPort {
  ensurePartitions(): Promise<number>;
  dropPartitions(before: PartitionsBefore): Promise<number>;
  forgetIdempotency(olderThan: Date): Promise<number>;
  readonly webhooks: { forget(olderThan: Date): Promise<number> };
  readonly quota: {
    recount(options: { repair: boolean }): Promise<QuotaDrift[]>;
    forgetHistory(olderThan: Date): Promise<number>;
  };
}

export interface UpkeepOptions {
  readonly store: UpkeepPort;
  readonly historyRetentionDays: number;
  readonly stateRetentionDays: number;
  readonly changeRetentionDays: number;
  readonly onDrift: (drifts: readonly QuotaDrift[]) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createUpkeep(options: UpkeepOptions): LeaderTask {
  const { store, onDrift, onError } = options;
  const step = async (): Promise<'done'> => {
    await store.ensurePartitions();
    const drifts = await store.quota.recount({ repair: true });
    if (drifts.length > 0) onDrift(drifts);
    await forgetOld(options);
    return 'done';
  };
  return new LeaderTask(store, { name: 'upkeep', everyMs: EVERY_MS, maxBackoffMs: EVERY_MS, step, onError });
}

async function forgetOld({ store, ...days }: UpkeepOptions): Promise<void> {
  const daysAgo = (count: number) => new Date(Date.now() - count * DAY_MS);
  await store.dropPartitions({
    changes: daysAgo(days.changeRetentionDays),
    history: daysAgo(days.historyRetentionDays),
    states: daysAgo(days.stateRetentionDays),
  });
  await store.quota.forgetHistory(daysAgo(days.historyRetentionDays));
  await store.webhooks.forget(daysAgo(DELIVERIES_DAYS));
  await store.forgetIdempotency(new Date(Date.now() - IDEMPOTENCY_MS));
}
