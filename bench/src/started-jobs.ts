/**
 * A process that takes what was accepted through outbox, relay and queue to the start of a job, with the product's own
 * relay; a job takes `JOB_MS`. Tells its parent which resource's job started when.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { openQueue } from '@compute/queue';
import { openStore } from '@compute/store';
import { noFaultPoints, OutboxRelay } from '@compute/worker';

const TELL_EVERY_MS = 20;
const CONCURRENCY = 32;

const { DATABASE_URL = '', REDIS_URL = '', SECRETS_KEY = '', JOB_MS = '0' } = process.env;
const store = await openStore({
  databaseUrl: DATABASE_URL,
  secretsKey: SECRETS_KEY,
  applicationName: 'bench-jobs',
  quotaDefaults: {},
});
const queue = await openQueue({ redisUrl: REDIS_URL, prefix: 'bench-jobs' });
const started: [uid: string, atMs: number][] = [];
const onError = (name: string, error: unknown) => process.stderr.write(`${name}: ${String(error)}\n`);
const relay = new OutboxRelay({
  store,
  queue,
  ahead: CONCURRENCY,
  points: noFaultPoints,
  onRelayed: () => undefined,
  onError,
});
const worker = queue.work(
  async ({ uid }) => {
    started.push([uid, performance.timeOrigin + performance.now()]);
    relay.lookBegun();
    if (JOB_MS !== '0') await pause(Number(JOB_MS));
  },
  { concurrency: CONCURRENCY },
);
await worker.ready();
relay.start();
const endHints = store.onHint('outbox', () => relay.wake());
const telling = setInterval(() => {
  if (started.length > 0) process.send?.(started.splice(0));
}, TELL_EVERY_MS);
process.send?.([]);

process.on('SIGTERM', async () => {
  clearInterval(telling);
  endHints();
  await relay.stop();
  await worker.close(1_000);
  await queue.close();
  await store.close();
  if (process.connected) process.disconnect();
});
