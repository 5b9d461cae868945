/**
 * Connections to Redis: one manner for producers, one for workers.
 *
 * A producer must fail fast, because the relay holds locked outbox rows while it sends. A worker must wait for ever,
 * because BullMQ's blocking read survives a restart of Redis only with `maxRetriesPerRequest: null`.
 */
import { Fault } from '@compute/domain';
import { Redis } from 'ioredis';
import { redisAddress } from './redis-address.ts';

const MINIMUM_VERSION = [6, 2] as const;
const RECONNECT_CEILING_MS = 1_000;
const PRODUCER_COMMAND_TIMEOUT_MS = 5_000;

export type ErrorListener = (error: Error) => void;

/** A connection whose commands fail within seconds while Redis is away. */
export function connectProducer(redisUrl: string, onError: ErrorListener): Redis {
  const redis = new Redis({
    ...redisAddress(redisUrl),
    maxRetriesPerRequest: 1,
    commandTimeout: PRODUCER_COMMAND_TIMEOUT_MS,
    connectTimeout: PRODUCER_COMMAND_TIMEOUT_MS,
    retryStrategy,
  });
  redis.on('error', onError);
  return redis;
}

/** A connection that waits for Redis however long it is away. */
export function connectWorker(redisUrl: string, onError: ErrorListener): Redis {
  const redis = new Redis({ ...redisAddress(redisUrl), maxRetriesPerRequest: null, retryStrategy });
  redis.on('error', onError);
  return redis;
}

/** Throws `Fault('Unavailable')` when Redis does not answer or is older than 6.2. */
export async function assertRedisVersion(redis: Redis): Promise<void> {
  const version = await readVersion(redis);
  if (hasNeededVersion(version)) return;
  throw new Fault('Unavailable', `Redis ${version} is too old: ${MINIMUM_VERSION.join('.')} or newer is needed`);
}

export function hasNeededVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_VERSION;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

async function readVersion(redis: Redis): Promise<string> {
  const text = await redis.info('server').catch((error: unknown) => {
    throw new Fault('Unavailable', 'Redis does not answer', {}, error);
  });
  return /^redis_version:(\S+)/m.exec(text)?.[1] ?? '0.0';
}

function retryStrategy(times: number): number {
  return Math.min(50 * times, RECONNECT_CEILING_MS);
}
