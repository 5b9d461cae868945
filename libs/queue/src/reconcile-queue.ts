/**
 * The one queue of the product: which resources a worker should look at now.
 *
 * It decides how pokes are merged (`keepLastIfActive`: one active, at most one waiting, none lost) and that BullMQ
 * keeps no memory of its own: no retries, no delayed jobs, no finished jobs. Retries and "look again later" live in
 * the rows, since a waiting or delayed job would swallow an urgent poke of the same key.
 */
import { randomUUID } from 'node:crypto';
import { Fault, isFault } from '@compute/domain';
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Poke, pokeKey } from './poke.ts';
import { type MemoryState, restoreIfLost } from './queue-memory.ts';
import { type QueueWorker, startQueueWorker, type WorkHandler, type WorkOptions } from './queue-worker.ts';
import { assertRedisVersion, connectProducer, type ErrorListener } from './redis-connection.ts';

export const QUEUE_NAME = 'reconcile';
const DEFAULT_PREFIX = 'compute';
/** BullMQ writes an event per step into a stream that nobody here reads; keep it short. */
const EVENT_STREAM_LENGTH = 100;
/** A worker that starts pokes everything it finds in the cluster; Redis and this process must breathe between. */
const SEND_LIMIT = 1_000;

export interface QueueOptions {
  readonly redisUrl: string;
  /** Keeps stacks that share one Redis apart. */
  readonly prefix?: string;
  /** Connection trouble and BullMQ's own errors; nothing is thrown out of background work. */
  readonly onError?: ErrorListener;
}

export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  /** Age of the poke that has waited longest; 0 when none waits. */
  readonly oldestAgeMs: number;
}

/** Connects and checks the version of Redis. Throws `Fault('Unavailable')`. */
export async function openQueue(options: QueueOptions): Promise<ReconcileQueue> {
  const onError = options.onError ?? (() => undefined);
  const redis = connectProducer(options.redisUrl, onError);
  try {
    await assertRedisVersion(redis);
    return new ReconcileQueue(redis, { ...options, prefix: options.prefix ?? DEFAULT_PREFIX, onError });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

export class ReconcileQueue {
  readonly #redis: Redis;
  readonly #options: Required<QueueOptions>;
  readonly #queue: Queue<Poke>;
  readonly #workers = new Set<QueueWorker>();

  constructor(redis: Redis, options: Required<QueueOptions>) {
    this.#redis = redis;
    this.#options = options;
    this.#queue = new Queue<Poke>(QUEUE_NAME, {
      connection: redis,
      prefix: options.prefix,
      skipWaitingForReady: true,
      streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
    });
    this.#queue.on('error', options.onError);
  }

  /** Adds pokes, a thousand in a round trip. Throws `Fault('Unavailable')` within seconds when Redis is away. */
  async send(pokes: readonly Poke[]): Promise<void> {
    for (let start = 0; start < pokes.length; start += SEND_LIMIT) {
      await this.#sendBatch(pokes.slice(start, start + SEND_LIMIT));
    }
  }

  async #sendBatch(pokes: readonly Poke[]): Promise<void> {
    const jobs = pokes.map((poke) => ({ name: poke.kind, data: poke, opts: jobOptions(poke) }));
    await this.#queue.addBulk(jobs).catch((error: unknown) => {
      throw new Fault('Unavailable', 'The queue does not answer', {}, error);
    });
  }

  /** Starts taking pokes. The handler should not throw: a thrown error only ends the poke and is told to `onError`. */
  work(handler: WorkHandler, options: WorkOptions): QueueWorker {
    const { redisUrl, prefix, onError } = this.#options;
    const worker = startQueueWorker({ ...options, redisUrl, prefix, onError, queueName: QUEUE_NAME }, handler);
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Calls `sendAll`, which must poke everything there is, when Redis may have forgotten pokes since it was last called:
   * at the first use, after a restart, after being emptied. To be asked often. Throws `Fault('Unavailable')`.
   */
  async restoreIfLost(sendAll: () => Promise<void>): Promise<MemoryState> {
    const key = `${this.#options.prefix}:${QUEUE_NAME}-run`;
    return restoreIfLost(this.#redis, key, sendAll).catch((error: unknown) => {
      throw isFault(error) ? error : new Fault('Unavailable', 'Redis does not answer', {}, error);
    });
  }

  /** How many pokes wait to be started. Throws `Fault('Unavailable')`. */
  async waiting(): Promise<number> {
    return this.#queue.getJobCountByTypes('wait').catch((error: unknown) => {
      throw new Fault('Unavailable', 'The queue does not answer', {}, error);
    });
  }

  /** How much waits and since when, for metrics. Throws `Fault('Unavailable')`. */
  async depth(): Promise<QueueDepth> {
    const [counts, [oldest]] = await Promise.all([
      this.#queue.getJobCounts('wait', 'active'),
      this.#queue.getJobs(['wait'], 0, 0, true),
    ]).catch((error: unknown) => {
      throw new Fault('Unavailable', 'The queue does not answer', {}, error);
    });
    const oldestAgeMs = oldest ? Math.max(0, Date.now() - oldest.timestamp) : 0;
    return { waiting: counts.wait ?? 0, active: counts.active ?? 0, oldestAgeMs };
  }

  /** Throws `Fault('Unavailable')` when Redis does not answer; for readiness. */
  async ping(): Promise<void> {
    await this.#redis.ping().catch((error: unknown) => {
      throw new Fault('Unavailable', 'Redis does not answer', {}, error);
    });
  }

  /** Stops the workers (their running pokes end first, within `graceMs` each), then disconnects. */
  async close(graceMs?: number): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.close(graceMs)));
    await this.#queue.close();
    this.#redis.disconnect();
  }
}

/**
 * Job ids are random because BullMQ's counter starts again after a FLUSHALL: a counted id could then name both a job
 * that is still running and a new one.
 */
function jobOptions(poke: Poke): JobsOptions {
  return {
    jobId: randomUUID(),
    deduplication: { id: pokeKey(poke), keepLastIfActive: true },
    attempts: 1,
    removeOnComplete: true,
    removeOnFail: true,
  };
}
