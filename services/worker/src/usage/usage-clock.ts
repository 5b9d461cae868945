/**
 * Makes usage events appear while machines run: closes open intervals at each period boundary and gives closed ones
 * their place in the feed.
 *
 * When a period ends is decided by the database's clock, so a worker with a wrong clock bills nothing wrongly, and time
 * in which no worker ran is caught up period by period. Both steps may be repeated at will.
 */
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';

const EVERY_MS = 1_000;

export interface UsagePort extends LeadershipPort {
  /** Splits intervals that reach over a boundary; resolves to how many events that made. */
  closeUsagePeriod(): Promise<number>;
  /** Gives positions to events that have none; resolves to how many. */
  publishUsage(): Promise<number>;
}

export interface UsageClockOptions {
  readonly store: UsagePort;
  readonly onPublished: (count: number) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createUsageClock({ store, onPublished, onError }: UsageClockOptions): LeaderTask {
  const step = async (): Promise<'more' | 'done'> => {
    const closed = await store.closeUsagePeriod();
    const published = await store.publishUsage();
    if (published > 0) onPublished(published);
    return closed > 0 && published > 0 ? 'more' : 'done';
  };
  return new LeaderTask(store, { name: 'usage clock', everyMs: EVERY_MS, step, onError });
}
