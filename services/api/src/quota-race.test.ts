/**
 * A thousand creations against a limit of a hundred: over REST, at two API processes as they are built, alone and in
 * batches, with one of the processes killed in the middle.
 */
import { openStore, type Store } from '@compute/store';
import { freshDatabase } from '@compute/test-services';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiProcess, buildApi, startApiProcess } from './fixtures/api-processes.ts';

const LIMIT = 100;
const WISHES = 1_000;
const IN_FLIGHT = 64;
const LONG_MS = 240_000;

let store: Store;
let environment: Record<string, string>;
let key: string;
const apis: ApiProcess[] = [];

beforeAll(async () => {
  await buildApi();
  const secretsKey = Buffer.alloc(32, 7).toString('base64');
  const databaseUrl = (await freshDatabase()).url;
  environment = {
    ...{ DATABASE_URL: databaseUrl, SECRETS_KEY: secretsKey, QUOTA_DEFAULTS_FILE: 'unlimited' },
    ...{ RATE_LIMIT_READS: '0', RATE_LIMIT_WRITES: '0', DATABASE_POOL_SIZE: '4' },
  };
  store = await openStore({ databaseUrl, secretsKey, applicationName: 'quota-race', quotaDefaults: {}, poolSize: 3 });
  key = (await store.createApiKey({ name: 'race', scopes: ['admin'] })).token;
  apis.push(...(await Promise.all([startApiProcess(environment), startApiProcess(environment)])));
}, LONG_MS);
afterAll(async () => {
  await Promise.all(apis.map((api) => api.kill()));
  await store?.close();
});

let project: string;
let round = 0;
beforeEach(async () => {
  round += 1;
  project = `race-${round}`;
  await store.createProject(project);
  await store.quota.setLimits(project, { 'series:U/instances': LIMIT });
});

const manifest = (name: string) => ({
  ...{ apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name } },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: false },
});

/** Status and body; status 0 when the process died under the request. */
async function post(api: ApiProcess | undefined, path: string, body: unknown) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  try {
    const response = await fetch(`${api?.url}/v1/projects/${project}/${path}`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    // biome-ignore lint/suspicious/noExplicitAny: bodies of several endpoints
    return { status: response.status, body: (await response.json()) as any };
  } catch {
    return { status: 0, body: undefined };
  }
}

/** Runs all, `IN_FLIGHT` at a time, in order. */
async function flood<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return results;
}

/** The rows are exactly the limit, the counters are the rows, and history tells of each level that was reached, once. */
async function expectExactlyTheLimit(): Promise<void> {
  const rows = await store.list({ kind: 'VMInstance', project, limit: 1_000 });
  expect(rows.items).toHaveLength(LIMIT);
  expect(await store.quota.recount({ repair: false })).toEqual([]);
  const [counter] = (await store.quota.counters(project)).filter(({ metric }) => metric === 'instances');
  expect(counter).toMatchObject({ limit: LIMIT, used: LIMIT });
  const told = await store.quota.history({ project, type: 'ThresholdReached', limit: 10 });
  // A commit of many creations may pass by 80 per cent: then there is nothing to tell of it.
  expect([[100], [100, 80]]).toContainEqual(told.items.map(({ threshold }) => threshold));
  const history = await store.history({ project, type: 'Phase', limit: 1_000 });
  expect(history.items).toHaveLength(LIMIT);
}

describe('a thousand creations against a limit of a hundred', () => {
  test('over two API processes: exactly a hundred are accepted, each refusal has its numbers', {
    timeout: LONG_MS,
  }, async () => {
    const replies = await flood(WISHES, (index) => post(apis[index % 2], 'vm-instances', manifest(`vm-${index}`)));
    const refused = replies.filter(({ status }) => status === 403);
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(LIMIT);
    expect(refused).toHaveLength(WISHES - LIMIT);
    const numbers = { metric: 'instances', scope: 'series:U', limit: LIMIT, requested: 1 };
    for (const { body } of refused) {
      expect(body.quota).toMatchObject(numbers);
      expect(body.quota.used + body.quota.remaining).toBe(LIMIT);
    }
    await expectExactlyTheLimit();
  });

  test('in batches: each document has its own verdict', { timeout: LONG_MS }, async () => {
    const size = 20;
    const replies = await flood(WISHES / size, (batch) =>
      post(
        apis[batch % 2],
        'manifests?partial=true',
        Array.from({ length: size }, (_, index) => manifest(`vm-${batch}-${index}`)),
      ),
    );
    const items = replies.flatMap(({ body }) => body.items as { result: string; code?: string; quota?: object }[]);
    expect(items).toHaveLength(WISHES);
    expect(items.filter(({ result }) => result === 'created')).toHaveLength(LIMIT);
    const refused = items.filter(({ code }) => code === 'QuotaExceeded');
    expect(refused).toHaveLength(WISHES - LIMIT);
    expect(refused.every(({ quota }) => quota !== undefined)).toBe(true);
    await expectExactlyTheLimit();
  });

  test('with a process that is killed in the middle: what it promised is there, and nothing else', {
    timeout: LONG_MS,
  }, async () => {
    const [first, second] = apis;
    let accepted = 0;
    let killed: Promise<void> | undefined;
    const replies = await flood(WISHES, async (index) => {
      const reply = await post(index % 2 ? first : second, 'vm-instances', manifest(`vm-${index}`));
      if (reply.status === 201) accepted += 1;
      if (accepted === LIMIT / 3 || index === 400) killed ??= first?.kill();
      return reply;
    });
    await killed;
    expect(replies.some(({ status }) => status === 0)).toBe(true);
    const names = new Set(
      (await store.list({ kind: 'VMInstance', project, limit: 1_000 })).items.map(({ name }) => name),
    );
    for (const [index, { status }] of replies.entries()) if (status === 201) expect(names).toContain(`vm-${index}`);
    for (const [index, { status }] of replies.entries()) if (status === 403) expect(names).not.toContain(`vm-${index}`);
    await expectExactlyTheLimit();
  });
});
