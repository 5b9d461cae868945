/**
 * Makes usage events appear while machines run: closes open intervals at each period boundary, gives closed ones their
 * place in the feed, and seals what a period made.
 *
 * When a period ends is decided by the database's clock, so a worker with a wrong clock bills nothing wrongly, and time
 * in which no worker ran is caught up period by period. The step may be repeated at will.
 */
import type { ClosedPeriods } from '@compute/store';
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';

const EVERY_MS = 1_000;

export interface UsagePort extends LeadershipPort {
  readonly usage: { closePeriods(): Promise<ClosedPeriods> };
}

export interface UsageClockOptions {
  readonly store: UsagePort;
  readonly onPublished: (count: number) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createUsageClock({ store, onPublished, onError }: UsageClockOptions): LeaderTask {
  const step = async (): Promise<'done'> => {
    const { published } = await store.usage.closePeriods();
    if (published > 0) onPublished(published);
    return 'done';
  };
  return new LeaderTask(store, { name: 'usage clock', everyMs: EVERY_MS, step, onError });
}
