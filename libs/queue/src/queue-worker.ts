/**
 * Takes pokes out of the queue and hands them to one function.
 *
 * It owns the figures that bound recovery: a worker that dies holds its pokes for at most the lock plus one stalled
 * check (5.5 s). A process whose event loop blocks for longer than the lock loses its pokes to another worker while
 * it still works on them; commits by compare-and-set make that harmless.
 */
import { Worker } from 'bullmq';
import type { Poke } from './poke.ts';
import { connectWorker, type ErrorListener } from './redis-connection.ts';

export const LOCK_MS = 5_000;
export const STALLED_CHECK_MS = 500;
/** A poke that kills its worker is tried again this often before BullMQ drops it; the sweep brings it back later. */
const STALLED_LIMIT = 10;
/** After a lost connection BullMQ would rest for 15 s before it reports a finished job. */
const RUN_RETRY_MS = 1_000;
const DEFAULT_GRACE_MS = 10_000;

export type WorkHandler = (poke: Poke) => Promise<void>;

export interface WorkOptions {
  /** Pokes processed at the same time by this worker, each of another key. */
  readonly concurrency: number;
}

export interface QueueWorker {
  /** Resolves once connected and taking pokes. */
  ready(): Promise<void>;
  /** Takes no more pokes; resolves when the running ones ended, or after `graceMs`. Safe to call twice. */
  close(graceMs?: number): Promise<void>;
}

interface QueueWorkerSettings extends WorkOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly queueName: string;
  readonly onError: ErrorListener;
}

/** Starts at once. Errors of connections, of BullMQ and of the handler go to `onError`. */
export function startQueueWorker(settings: QueueWorkerSettings, handler: WorkHandler): QueueWorker {
  const connection = connectWorker(settings.redisUrl, settings.onError);
  const worker = new Worker<Poke>(settings.queueName, (job) => handler(job.data), {
    connection,
    prefix: settings.prefix,
    concurrency: settings.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_LIMIT,
    runRetryDelay: RUN_RETRY_MS,
  });
  worker.on('error', settings.onError);
  worker.on('failed', (_job, error) => settings.onError(error));
  let closing: Promise<void> | undefined;
  return {
    ready: () => worker.waitUntilReady(),
    close: (graceMs = DEFAULT_GRACE_MS) => {
      closing ??= closeWithin(worker, graceMs).finally(() => connection.disconnect());
      return closing;
    },
  };
}

/** Past the grace the caller disconnects: what still runs loses its lock and another worker takes it over. */
async function closeWithin(worker: Worker<Poke>, graceMs: number): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMs);
  await Promise.race([worker.close(), expired]).finally(() => clearTimeout(timer));
}
