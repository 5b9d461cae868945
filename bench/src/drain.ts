/**
 * A process that takes what the API accepted through outbox and queue to the start of a job, with the product's own store
 * and queue; the job itself does nothing. Tells its parent how many were started so far.
 */
import { openQueue } from '@compute/queue';
import { openStore } from '@compute/store';

const BATCH_SIZE = 200;
const TELL_EVERY_MS = 20;
const POLL_MS = 5;

const { DATABASE_URL = '', REDIS_URL = '', SECRETS_KEY = '' } = process.env;
const store = await openStore({
  databaseUrl: DATABASE_URL,
  secretsKey: SECRETS_KEY,
  applicationName: 'bench-drain',
  quotaDefaults: {},
});
const queue = await openQueue({ redisUrl: REDIS_URL, prefix: 'bench' });

let started = 0;
let stopping = false;
const worker = queue.work(
  async () => {
    started += 1;
  },
  { concurrency: 50 },
);
await worker.ready();

process.on('SIGTERM', () => {
  stopping = true;
});
process.send?.({ started });
const telling = setInterval(() => process.send?.({ started }), TELL_EVERY_MS);

while (!stopping) {
  const count = await store.claimOutbox(BATCH_SIZE, (pokes) => queue.send(pokes));
  if (count < BATCH_SIZE) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
clearInterval(telling);
await worker.close();
await queue.close();
await store.close();
process.disconnect?.();
