import { emptyDatabase, testRedis } from '@compute/test-services';
import { describe, expect, it } from 'vitest';
import { freePort } from '../process/ports.ts';
import { checkDatabase, checkKubeconfig, checkRedis } from './given-parts.ts';

describe('parts that the environment names', () => {
  it('are accepted when they answer', async () => {
    await checkDatabase((await emptyDatabase()).url);
    await checkRedis((await testRedis()).url);
    checkKubeconfig(import.meta.filename);
  });

  it('are refused in one sentence that names the variable and no password', async () => {
    const port = await freePort();
    const refused = [
      checkDatabase(`postgresql://me:hunter2@127.0.0.1:${port}/x`),
      checkRedis(`redis://:hunter2@127.0.0.1:${port}`),
      Promise.resolve().then(() => checkKubeconfig('no-such-file')),
    ];
    const outcomes = await Promise.all(
      refused.map((check) =>
        check.then(
          () => '',
          (error: Error) => error.message,
        ),
      ),
    );
    expect(outcomes[0]).toMatch(
      /^The Postgres of DATABASE_URL cannot be used \(.*ECONNREFUSED.*\): start it, or unset/,
    );
    expect(outcomes[1]).toMatch(/^The Redis of REDIS_URL cannot be used \(.*ECONNREFUSED.*\): start it, or unset/);
    expect(outcomes[2]).toMatch(/^KUBECONFIG names no-such-file, which does not exist/);
    expect(outcomes.join()).not.toContain('hunter2');
  });
});
