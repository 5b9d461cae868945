import { ENDPOINTS, VIEW_SCHEMAS, type ViewName } from '@compute/contract';
import { FAILURE_CATALOGUE, FAULT_CODES } from '@compute/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

it('describes every route that answers, and answers on every route that it describes', async () => {
  for (const { method, path } of ENDPOINTS) {
    const address = path
      .replace('{project}', 'demo')
      .replace('{name}', 'x')
      .replace('{id}', 'x')
      .replace('{code}', 'NotFound');
    const { status, body } = await test.send(method.toUpperCase(), address, { key: '' });
    expect([200, 401, 503], `${method} ${path}: ${JSON.stringify(body)}`).toContain(status);
  }
  const unknown = await test.send('GET', '/v1/nothing-here');
  expect(unknown).toMatchObject({ status: 404, body: { code: 'NotFound', instance: '/v1/nothing-here' } });
});

it('serves an OpenAPI document whose references all lead somewhere', async () => {
  const { body, text } = await test.send<{ openapi: string; components: { schemas: object }; paths: object }>(
    'GET',
    '/openapi.json',
    { key: '' },
  );
  expect(body.openapi).toBe('3.1.0');
  const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !Object.hasOwn(body.components.schemas, name ?? ''))).toEqual([]);
  const operationIds = ENDPOINTS.map(({ operationId }) => operationId);
  expect(new Set(operationIds).size).toBe(operationIds.length);
});

it('ends every JSON answer with the line, and no YAML with two', async () => {
  for (const path of ['/v1/projects', '/healthz', '/openapi.json', '/errors', '/v1/nothing-here']) {
    const { text, body } = await test.send('GET', path);
    expect(text.endsWith('}\n'), path).toBe(true);
    expect(body, path).toBeDefined();
  }
  const yaml = await test.send('GET', '/v1/projects', { headers: { accept: 'application/yaml' } });
  expect(yaml.text).toMatch(/[^\n]\n$/);
});

it('serves a page of it and of every error, without anything from outside', async () => {
  const codes = [...FAULT_CODES, ...FAILURE_CATALOGUE.map(({ code }) => code)];
  expect(new Set(codes).size).toBe(codes.length);
  const pages = ['/docs', ...codes.map((code) => `/errors/${code}`)];
  for (const path of pages) {
    const page = await test.send('GET', path, { key: '' });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  }
  expect((await test.send('GET', '/errors/Nonsense', { key: '' })).status).toBe(404);
});

it('lists the catalogue of the specification', async () => {
  const types = await test.send<{ items: { name: string; memoryGib: number }[] }>('GET', '/v1/instance-types');
  expect(types.body.items).toHaveLength(20);
  expect(types.body.items).toContainEqual({
    name: 'u1.2xlarge',
    series: 'U',
    vcpu: 8,
    memoryGib: 32,
    ratio: 4,
    available: true,
    deprecated: false,
  });
  for (const path of ['instance-types', 'instance-profiles', 'storage-classes', 'images']) {
    const { shape } = ENDPOINTS.find((endpoint) => endpoint.path === `/v1/${path}`)?.success ?? {};
    const { body } = await test.send<{ items: object[] }>('GET', `/v1/${path}`);
    expect(body.items.length).toBeGreaterThan(0);
    for (const item of body.items) VIEW_SCHEMAS[(shape as { list: ViewName }).list].parse(item);
  }
});

it('tells whether it lives and is ready, and measures itself', async () => {
  expect((await test.send('GET', '/healthz', { key: '' })).body).toMatchObject({ status: 'ok' });
  expect((await test.send('GET', '/readyz', { key: '' })).body).toMatchObject({
    ready: true,
    checks: [{ name: 'database', ok: true }],
  });
  const { text } = await test.send('GET', '/metrics', { key: '' });
  expect(text).toContain('compute_request_duration_seconds_bucket');
});

it('answers in YAML to who asks for it', async () => {
  const reply = await test.send('GET', '/v1/projects/demo', { headers: { accept: 'application/yaml' } });
  expect(reply.headers.get('content-type')).toContain('application/yaml');
  expect(reply.text).toMatch(/^name: demo\n/);
  const missing = await test.send('GET', '/v1/projects/nowhere', { headers: { accept: 'application/yaml' } });
  expect(missing).toMatchObject({ status: 404, body: { code: 'NotFound' } });
});

it('refuses hostile bodies without failing', async () => {
  const bodies = [
    '{"a":',
    `${'['.repeat(100_000)}`,
    '{"__proto__":{"a":1}}',
    'null',
    '[]',
    '"text"',
    '{"spec":null}',
    `{"metadata":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
  ];
  for (const text of bodies) {
    for (const path of ['vm-instances', 'manifests']) {
      const type = { 'content-type': 'application/json' };
      const reply = await test.send('POST', `/v1/projects/demo/${path}`, { body: text, headers: type });
      expect([400, 422], `${text.slice(0, 40)}: ${reply.text}`).toContain(reply.status);
    }
  }
});
