import { emptyDatabase } from '@compute/test-services';
import { expect, test } from 'vitest';
import { startWorker } from './start-worker.ts';
import { readWorkerConfig } from './worker-config.ts';

test('a worker on a database without the newest migration does not start, and says what is missing', async () => {
  const config = readWorkerConfig({
    DATABASE_URL: (await emptyDatabase()).url,
    SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    REDIS_URL: 'redis://127.0.0.1:1',
    LOG_LEVEL: 'silent',
  });
  const message = expect.stringMatching(/lacks the migration \d+_\w+ .*operate migrate/);
  await expect(startWorker(config)).rejects.toMatchObject({ code: 'Unavailable', message });
});
