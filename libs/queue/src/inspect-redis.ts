/** How a Redis is set up, for who has to judge whether it is fit for the queue. */
import { Fault } from '@compute/domain';
import { connectProducer, hasNeededVersion } from './redis-connection.ts';

export interface RedisFacts {
  readonly version: string;
  /** 6.2 or newer. */
  readonly isRecent: boolean;
  /** What it does when its memory is full; `noeviction` keeps the queue whole. */
  readonly evictionPolicy: string;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  readonly usedBytes: number;
  /** Whether it writes every change to disk. */
  readonly keepsAppendLog: boolean;
}

/** Throws `Fault('Unavailable')` when it does not answer. */
export async function inspectRedis(redisUrl: string): Promise<RedisFacts> {
  const redis = connectProducer(redisUrl, () => undefined);
  try {
    const text = await redis.info().catch((error: unknown) => {
      throw new Fault('Unavailable', 'Redis does not answer', {}, error);
    });
    const fact = (name: string): string => new RegExp(`^${name}:(\\S+)`, 'm').exec(text)?.[1] ?? '';
    const version = fact('redis_version');
    return {
      ...{ version, isRecent: hasNeededVersion(version), evictionPolicy: fact('maxmemory_policy') },
      memoryLimitBytes: Number(fact('maxmemory')),
      usedBytes: Number(fact('used_memory')),
      keepsAppendLog: fact('aof_enabled') === '1',
    };
  } finally {
    redis.disconnect();
  }
}
