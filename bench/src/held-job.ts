/** A worker process that takes a job and never ends it, until it is killed. */
import { openQueue } from '@compute/queue';

const { REDIS_URL = '', PREFIX = '' } = process.env;
const queue = await openQueue({ redisUrl: REDIS_URL, prefix: PREFIX });
const worker = queue.work(
  async () => {
    process.send?.('held');
    await new Promise(() => undefined);
  },
  { concurrency: 1 },
);
await worker.ready();
process.send?.('ready');
