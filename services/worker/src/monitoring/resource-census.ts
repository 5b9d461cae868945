/** Counts the resources once a minute, in one worker, for the gauges by project and phase and for deletions that hang. */
import type { ResourceCount } from '@compute/store';
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';
import { withLargestProjects } from './project-figures.ts';

export const CENSUS_EVERY_MS = 60_000;
/** A guest gets half a minute to shut down, and storage some minutes to let go; what takes longer needs a look. */
const STUCK_AFTER_MS = 15 * 60_000;

export interface CensusOptions {
  readonly store: LeadershipPort & { countResources(stuckAfterMs: number): Promise<readonly ResourceCount[]> };
  readonly mostProjects: number;
  readonly onCounted: (counts: readonly ResourceCount[]) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createResourceCensus({ store, mostProjects, onCounted, onError }: CensusOptions): LeaderTask {
  const step = async (): Promise<'done'> => {
    onCounted(withLargestProjects(await store.countResources(STUCK_AFTER_MS), mostProjects));
    return 'done';
  };
  return new LeaderTask(store, { name: 'resource census', everyMs: CENSUS_EVERY_MS, step, onError });
}
