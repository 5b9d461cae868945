import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
  await test.store.createProject('other');
});
afterAll(() => test.close());

describe('keys', () => {
  it('are refused when they are made up, and say nothing about why', async () => {
    for (const key of ['vmk_x', `vmk_${'0'.repeat(16)}_${'0'.repeat(64)}`, test.key.slice(0, -1)])
      expect(await test.send('GET', '/v1/projects', { key })).toMatchObject({
        status: 401,
        body: { code: 'Unauthenticated' },
      });
  });

  it('are made, shown once, listed without secret, and revoked', async () => {
    const body = { project: 'demo', name: 'ci', scopes: ['read'], expiresAt: '2099-01-01T00:00:00Z' };
    const made = await test.send<{ id: string; secret: string }>('POST', '/v1/api-keys', { body, key: test.adminKey });
    expect(made.status).toBe(201);
    const { id, secret } = made.body;
    expect((await test.send('GET', '/v1/projects', { key: secret })).body).toMatchObject({ items: [{ name: 'demo' }] });
    const listed = await test.send<{ items: object[] }>('GET', '/v1/api-keys?project=demo', { key: test.adminKey });
    expect(listed.text).toContain(id);
    expect(listed.text).not.toContain(secret.slice(-32));
    const revoked = await test.send('DELETE', `/v1/api-keys/${id}`, { key: test.adminKey });
    expect((await test.send('GET', `/v1/api-keys/${id}`, { key: test.adminKey })).body).toMatchObject({
      id,
      name: 'ci',
    });
    expect(revoked).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } });
    expect((await test.send('GET', '/v1/projects', { key: secret })).status).toBe(401);
  });

  it('are not made when they would have expired already', async () => {
    const body = { project: 'demo', name: 'past', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' };
    expect(await test.send('POST', '/v1/api-keys', { body, key: test.adminKey })).toMatchObject({
      status: 422,
      body: { code: 'InvalidArgument', errors: [{ pointer: '/expiresAt', detail: 'Must be in the future.' }] },
    });
    expect((await test.send('GET', '/v1/api-keys?project=demo', { key: test.adminKey })).text).not.toContain('past');
  });

  it('of one project’s administrator open that project only', async () => {
    const key = await test.newKey(['admin'], 'demo');
    const own = await test.send<{ project: string }>('POST', '/v1/api-keys', {
      body: { name: 'a', scopes: ['read'] },
      key,
    });
    expect(own.body.project).toBe('demo');
    expect((await test.send('POST', '/v1/api-keys', { body: { name: 'a', project: 'other' }, key })).status).toBe(404);
    expect((await test.send('PUT', '/v1/projects/demo/quota', { body: {}, key })).status).toBe(403);
    expect((await test.send('POST', '/v1/projects', { body: { name: 'mine' }, key })).status).toBe(403);
  });
});

describe('projects', () => {
  it('are made by the platform’s administrator, named well, and each once', async () => {
    const make = (name: string) => test.send('POST', '/v1/projects', { body: { name }, key: test.adminKey });
    expect(await make('team-blue')).toMatchObject({ status: 201, body: { name: 'team-blue' } });
    expect(await make('team-blue')).toMatchObject({ status: 409, body: { code: 'AlreadyExists' } });
    expect(await make('Team')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/name' }] } });
    const list = await test.send<{ items: { name: string }[] }>('GET', '/v1/projects', { key: test.adminKey });
    expect(list.body.items.map(({ name }) => name)).toContain('team-blue');
    expect((await test.send('GET', '/v1/projects/demo/vm-disks', { key: test.adminKey })).status).toBe(200);
    expect((await test.send('GET', '/v1/projects/nowhere/vm-disks', { key: test.adminKey })).status).toBe(404);
  });
});

describe('quota', () => {
  it('refuses with the numbers, and a document says what is used', async () => {
    const limits = { series: { U: { vcpus: 3 } }, externalIps: 'unlimited' };
    await test.send('PUT', '/v1/projects/demo/quota', { body: limits, key: test.adminKey });
    const vm = (name: string, instanceType: string) => ({
      metadata: { name },
      spec: { instanceType, instanceProfile: 'ubuntu' },
    });
    expect((await test.send('POST', '/v1/projects/demo/vm-instances', { body: vm('a', 'u1.large') })).status).toBe(201);
    const refused = await test.send('POST', '/v1/projects/demo/vm-instances', { body: vm('b', 'u1.large') });
    expect(refused).toMatchObject({
      status: 403,
      body: {
        code: 'QuotaExceeded',
        detail: 'Quota exceeded: series U has a limit of 3 vCPUs; 2 in use, 2 requested, 1 remaining.',
        quota: { metric: 'vcpus', scope: 'series:U', limit: 3, used: 2, requested: 2, remaining: 1 },
      },
    });
    const quota = await test.send('GET', '/v1/projects/demo/quota');
    expect(quota.body).toMatchObject({
      series: {
        U: { vcpus: { limit: 3, used: 2, remaining: 1 }, memoryGib: { used: 8 } },
        S: { instances: { used: 0 } },
        custom: {},
      },
      storage: { replicated: { disks: { used: 0 } }, local: {} },
      externalIps: { limit: 'unlimited', remaining: 'unlimited' },
    });
    expect(
      (await test.send('PUT', '/v1/projects/demo/quota', { body: { series: { Z: {} }, foo: 1 }, key: test.adminKey }))
        .status,
    ).toBe(422);
  });

  it.each([
    ['half an instance', '{"series":{"U":{"instances":1.5}}}', 'A whole number, or "unlimited".'],
    ['a number in quotes', '{"series":{"U":{"instances":"7"}}}', 'A whole number, or "unlimited".'],
    ['nothing', 'null', 'A body is required.'],
  ])('takes %s for no limit', async (_what, body, detail) => {
    const before = await test.send('GET', '/v1/projects/demo/quota');
    const refused = await test.send('PUT', '/v1/projects/demo/quota', { body: JSON.parse(body), key: test.adminKey });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ detail }] } });
    expect((await test.send('GET', '/v1/projects/demo/quota')).body).toEqual(before.body);
  });
});

it('what the framework refuses by itself is a problem document too', async () => {
  for (const name of ['%zz', 'a'.repeat(300)]) {
    const reply = await test.send('GET', `/v1/projects/demo/vm-disks/${name}`);
    expect(reply).toMatchObject({ status: 400, body: { code: 'InvalidArgument', type: '/errors/InvalidArgument' } });
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
  }
});

it.each([
  ['PUT', '/v1/projects', 'GET, HEAD, POST'],
  ['POST', '/v1/projects/demo/quota', 'GET, HEAD, PUT'],
  ['DELETE', '/v1/projects/demo/vm-disks?a=b', 'GET, HEAD, POST'],
  ['PATCH', '/openapi.json', 'GET, HEAD'],
])('%s %s is refused with the methods that are possible', async (method, path, allow) => {
  const reply = await test.send(method, path);
  expect(reply).toMatchObject({ status: 405, body: { status: 405, code: 'MethodNotAllowed' } });
  expect(reply.headers.get('allow')).toBe(allow);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
});

it('an address that nothing has is not found, by whatever method', async () => {
  for (const [method, path] of [
    ['DELETE', '/v1/nothing'],
    ['GET', '/v1/projects/demo/vm-disks/x/y'],
  ] as const)
    expect(await test.send(method, path)).toMatchObject({ status: 404, body: { code: 'NotFound' } });
});
