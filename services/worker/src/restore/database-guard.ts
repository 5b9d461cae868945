/**
 * Keeps a worker from acting on a database that is older than what its cluster has seen of it, as after a restore from a
 * backup: it would stop what was started since, and make anew what was deleted. An operator decides (`operate restore`).
 *
 * A worker that starts waits here before it does anything. One that runs asks again and again, and ends when the database
 * was replaced beneath it. Meanwhile it tells the cluster how far the database has come.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, isBehind } from '@compute/cluster';
import type { Store } from '@compute/store';
import { PeriodicLoop } from '../clock/periodic-loop.ts';

/** A backup that is older than this is recognised. Each look is one query and one small list. */
const LOOK_EVERY_MS = 15_000;
const WAIT_MS = 1_000;

export type DatabaseState =
  | 'current'
  /** Something was seen of it that it does not have. */
  | 'behind'
  /** An operator has begun to restore it and has not ended. */
  | 'held';

export interface DatabaseGuardPorts {
  readonly store: { readonly restores: Pick<Store['restores'], 'lineage'> };
  readonly cluster: Pick<Cluster, 'seenOfDatabase' | 'rememberDatabase'>;
}

/**
 * Looks once; tells the cluster when all is well. Throws when database or cluster do not answer.
 *
 * The cluster is asked before the database: another worker may tell it of a later position between the two questions, and
 * asked the other way round a database that only moves on would look old.
 */
export async function lookAtDatabase({ store, cluster }: DatabaseGuardPorts): Promise<DatabaseState> {
  const { id } = await store.restores.lineage();
  const seen = await cluster.seenOfDatabase(id);
  const { held, epoch, position } = await store.restores.lineage();
  if (held) return 'held';
  if (isBehind({ epoch, position }, seen)) return 'behind';
  if (seen?.epoch !== epoch || seen.position !== position) await cluster.rememberDatabase(id, { epoch, position });
  return 'current';
}

export interface GuardWait extends DatabaseGuardPorts {
  /** Hears once of each state in which it waits, and of each error. */
  readonly onWaiting: (state: DatabaseState | 'unknown', error?: unknown) => void;
  readonly isStopping: () => boolean;
}

/** Resolves when the worker may act. Throws when it is to stop. */
export async function waitForDatabase(ports: GuardWait): Promise<void> {
  let told: string | undefined;
  while (!ports.isStopping()) {
    const found = await lookAtDatabase(ports).catch((error: unknown) => ({ error }));
    if (found === 'current') return;
    const state = typeof found === 'string' ? found : 'unknown';
    if (state !== told) ports.onWaiting(state, typeof found === 'string' ? undefined : found.error);
    told = state;
    await pause(WAIT_MS);
  }
  throw new Error('stopped while it waited for the database');
}

export interface GuardOptions extends DatabaseGuardPorts {
  /** Hears when the worker must not go on. */
  readonly onReplaced: (state: DatabaseState) => void;
  readonly onError: (name: string, error: unknown) => void;
  readonly everyMs?: number;
}

export function createDatabaseGuard({
  onReplaced,
  onError,
  everyMs = LOOK_EVERY_MS,
  ...ports
}: GuardOptions): PeriodicLoop {
  const step = async (): Promise<'done'> => {
    const state = await lookAtDatabase(ports);
    if (state !== 'current') onReplaced(state);
    return 'done';
  };
  return new PeriodicLoop({ name: 'database guard', everyMs, step, onError });
}
