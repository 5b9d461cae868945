/**
 * Finds what runs in the cluster for nobody: objects with our labels whose row does not exist, as after a restore of the
 * database from a backup. They are counted and listed for an operator and never deleted: a wrong database must not delete
 * machines.
 *
 * The picture of the cluster may lag behind a row that has just gone, so only what was found twice in a row is told.
 */
import type { OwnedObject } from '@compute/cluster';
import type { Logger } from '@compute/runtime';
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';

const EVERY_MS = 5 * 60_000;
const LISTED = 50;

export interface OrphanWatchOptions {
  readonly store: LeadershipPort & { uidsWithoutRow(uids: readonly string[]): Promise<string[]> };
  readonly cluster: { synced(): Promise<void>; ownedObjects(): OwnedObject[] };
  readonly logger: Logger;
  /** Hears of each search: how many objects of which kind belong to nobody. */
  readonly onFound: (counts: ReadonlyMap<string, number>) => void;
  readonly onError: (name: string, error: unknown) => void;
  readonly everyMs?: number;
}

export function createOrphanWatch(options: OrphanWatchOptions): LeaderTask {
  const { store, cluster, onError, everyMs = EVERY_MS } = options;
  let suspects: ReadonlySet<string> = new Set();
  const step = async (): Promise<'done'> => {
    await cluster.synced();
    const objects = cluster.ownedObjects();
    const rowless = new Set(await store.uidsWithoutRow([...new Set(objects.map(({ row }) => row.uid))]));
    const found = objects.filter(({ row }) => rowless.has(row.uid));
    tell(
      options,
      found.filter((object) => suspects.has(nameOf(object))),
    );
    suspects = new Set(found.map(nameOf));
    return 'done';
  };
  return new LeaderTask(store, { name: 'orphan watch', everyMs, maxBackoffMs: everyMs, step, onError });
}

function tell({ logger, onFound }: OrphanWatchOptions, orphans: readonly OwnedObject[]): void {
  const byKind = Map.groupBy(orphans, ({ kind }) => kind);
  onFound(new Map([...byKind].map(([kind, { length }]) => [kind, length])));
  if (orphans.length === 0) return;
  const listed = orphans.slice(0, LISTED).map((object) => `${nameOf(object)} (row ${object.row.uid})`);
  logger.event('orphans.found', { count: orphans.length, orphans: listed });
}

function nameOf({ kind, namespace, name }: OwnedObject): string {
  return `${kind}/${namespace}/${name}`;
}
