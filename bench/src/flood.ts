/** A process that creates machines in one project as fast as it can, each time its parent asks, and says when it has. */
import { openStore } from '@compute/store';
import { newMachine } from './new-machine.ts';

const IN_FLIGHT = 64;
const { DATABASE_URL = '', SECRETS_KEY = '', PROJECT = '' } = process.env;
const store = await openStore({
  databaseUrl: DATABASE_URL,
  secretsKey: SECRETS_KEY,
  applicationName: 'bench-flood',
  quotaDefaults: {},
});
let made = 0;

async function flood(count: number): Promise<void> {
  let left = count;
  const run = async () => {
    for (; left > 0; ) {
      left -= 1;
      made += 1;
      await store.create(newMachine(PROJECT, `flood-${made}`));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, run));
}

process.on('message', (count: number) => void flood(count).then(() => process.send?.('done')));
process.on('SIGTERM', async () => {
  await store.close();
  process.disconnect?.();
});
process.send?.('ready');
