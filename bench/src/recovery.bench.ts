/**
 * G9: how long it takes until the job of a worker process that got SIGKILL is started again by another, and how often it
 * runs. Beside it stands the lock, which is the least that can be waited for; BullMQ's own settings take 30 s lock and up
 * to 30 s until the next look for stalled jobs.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild, startRedis } from '@compute/dev-stack';
import { openQueue } from '@compute/queue';
import type { Bench, BenchContext } from './bench.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge } from './result.ts';

const LOCK_MS = 5_000;
const GOAL: Goal = {
  goal: 'G9',
  name: 'job recovery after SIGKILL',
  better: 'lower',
  floor: 1.2,
  target: 1.2,
  against: 'the lock itself',
  unit: 'ms',
};

export const bench: Bench = {
  goals: ['G9'],
  run: async (context) => {
    const redis = await startRedis();
    context.defer(() => redis.stop());
    const runs: number[] = [];
    const ours = () => recover(context, redis.url, runs);
    const beside = async () => ({ value: LOCK_MS, operations: 0, cpuMicros: 0 });
    const ratio = await compare({ pairs: Math.min(context.pairs, 3), ours, beside });
    context.say(`Each job ran ${Math.min(...runs)} to ${Math.max(...runs)} times to its end, ${runs.length} kills.`);
    return [judge(GOAL, ratio)];
  },
};

async function recover(context: BenchContext, redisUrl: string, runs: number[]): Promise<Sample> {
  const prefix = `bench-${randomUUID().slice(0, 8)}`;
  const holder = fork(fileURLToPath(new URL('held-job.js', import.meta.url)), {
    env: { ...process.env, REDIS_URL: redisUrl, PREFIX: prefix },
  });
  context.defer(() => endChild(holder, 'SIGKILL', 1_000));
  const [queue] = await Promise.all([openQueue({ redisUrl, prefix }), once(holder, 'message')]);
  const held = once(holder, 'message');
  await queue.send([{ kind: 'VMDisk', uid: 'held' }]);
  await held;
  const again = Promise.withResolvers<number>();
  let count = 0;
  const worker = queue.work(
    async () => {
      count += 1;
      again.resolve(performance.now());
    },
    { concurrency: 4 },
  );
  await worker.ready();
  holder.kill('SIGKILL');
  const killedAt = performance.now();
  const value = (await again.promise) - killedAt;
  await queue.close();
  runs.push(count);
  return { value, operations: 1, cpuMicros: 0 };
}
