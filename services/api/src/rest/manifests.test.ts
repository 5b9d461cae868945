import { VIEW_SCHEMAS } from '@compute/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exampleFile, openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

interface Results {
  items: {
    kind: string;
    name: string;
    result: string;
    warnings: { code: string }[];
    errors?: { pointer: string; line?: number }[];
    operation?: string;
  }[];
  errors?: { pointer: string; line?: number; code: string }[];
  code?: string;
}

const apply = (project: string, body: unknown, query = '') =>
  test.send<Results>('POST', `/v1/projects/${project}/manifests${query}`, { body, key: test.adminKey });
const fresh = async (name: string): Promise<string> => (await test.store.createProject(name)).name;
const outcomes = (results: Results) => results.items.map(({ kind, name, result }) => `${kind} ${name} ${result}`);

it.each([
  ['ubuntu-disk.yaml', ['VMDisk ubuntu-system-disk created']],
  ['data-disk.yaml', ['VMDisk application-data created']],
  ['ubuntu-iso.yaml', ['VMDisk ubuntu-server-iso created']],
  ['production-vm.yaml', ['VMInstance vm-example created']],
  [
    'production-complete.yaml',
    ['VMDisk prod-system created', 'VMDisk prod-data created', 'VMInstance vm-production created'],
  ],
])('accepts the specification’s %s unchanged', async (file, expected) => {
  const reply = await apply('demo', exampleFile(file));
  expect(reply.status).toBe(200);
  expect(outcomes(reply.body)).toEqual(expected);
  for (const item of reply.body.items) VIEW_SCHEMAS.ManifestResult.parse(item);
});

it('says unchanged the second time, and configured after a change', async () => {
  const project = await fresh('twice');
  const text = exampleFile('production-complete.yaml');
  await apply(project, text);
  expect(outcomes((await apply(project, text)).body)).toEqual([
    'VMDisk prod-system unchanged',
    'VMDisk prod-data unchanged',
    'VMInstance vm-production unchanged',
  ]);
  const changed = await apply(project, text.replace('200Gi', '300Gi'));
  expect(outcomes(changed.body)).toEqual([
    'VMDisk prod-system unchanged',
    'VMDisk prod-data configured',
    'VMInstance vm-production unchanged',
  ]);
});

it('takes documents in any order, as one YAML body and as JSON', async () => {
  const names = [
    'production-vm.yaml',
    'ubuntu-iso.yaml',
    'production-complete.yaml',
    'data-disk.yaml',
    'ubuntu-disk.yaml',
  ];
  const documents = names.map(exampleFile).join('\n---\n').split(/^---$/m).reverse().join('\n---\n');
  const reply = await apply(await fresh('reversed'), documents);
  expect(reply.body.items.map(({ result }) => result)).toEqual(Array.from({ length: 7 }, () => 'created'));
  const production = reply.body.items.find(({ name }) => name === 'vm-production');
  expect(production?.warnings.map(({ code }) => code)).not.toContain('disk_not_found');
  const disk = {
    apiVersion: 'apps.cozystack.io/v1alpha1',
    kind: 'VMDisk',
    metadata: { name: 'j' },
    spec: { storage: '1Gi' },
  };
  const json = await apply(await fresh('json'), { kind: 'List', items: [disk] });
  expect(outcomes(json.body)).toEqual(['VMDisk j created']);
});

it('does all or nothing, and names every error of every document with its line', async () => {
  const project = await fresh('atomic');
  const text = `${exampleFile('data-disk.yaml')}\n---\n${exampleFile('ubuntu-disk.yaml').replace('20Gi', 'much')}\n---\nkind: Pod\n`;
  const reply = await apply(project, text);
  expect(reply.status).toBe(422);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(reply.body.errors).toMatchObject([
    { pointer: '/1/spec/storage', code: 'invalid_quantity', line: 21 },
    { pointer: '/2/kind', code: 'unknown_kind' },
  ]);
  expect(reply.body.items.map(({ result }) => result)).toEqual(['skipped', 'invalid', 'invalid']);
  expect((await test.store.get('VMDisk', project, 'application-data'))?.name).toBeUndefined();
  const partial = await apply(project, text, '?partial=true');
  expect(partial.status).toBe(207);
  expect(partial.body.items.map(({ result }) => result)).toEqual(['created', 'invalid', 'invalid']);
});

it('undoes everything when the quota refuses one document, and tells the numbers', async () => {
  const project = await fresh('small');
  const quota = { storage: { replicated: { storageGib: 100 } } };
  await test.send('PUT', `/v1/projects/${project}/quota`, { body: quota, key: test.adminKey });
  const reply = await apply(project, exampleFile('production-complete.yaml'));
  expect(reply).toMatchObject({
    status: 403,
    body: {
      code: 'QuotaExceeded',
      quota: { metric: 'storageGib', scope: 'class:replicated', limit: 100, requested: 200 },
    },
  });
  expect((await test.store.list({ kind: 'VMDisk', project, limit: 10 })).items).toEqual([]);
});

it('stores nothing in a dry run', async () => {
  const project = await fresh('dry');
  const reply = await apply(project, exampleFile('production-complete.yaml'), '?dryRun=true');
  expect(reply.body.items.map(({ result, operation }) => [result, operation])).toEqual([
    ['created', undefined],
    ['created', undefined],
    ['created', undefined],
  ]);
  expect((await test.store.list({ kind: 'VMDisk', project, limit: 10 })).items).toEqual([]);
});

it('refuses the same resource twice, broken YAML, too much, and other content types', async () => {
  const twins = await apply('demo', `${exampleFile('data-disk.yaml')}\n---\n${exampleFile('data-disk.yaml')}`);
  expect(twins.body.errors).toMatchObject([{ pointer: '/1/metadata/name', code: 'duplicate' }]);
  expect((await apply('demo', 'a: [')).body).toMatchObject({
    code: 'InvalidArgument',
    errors: [{ code: 'invalid_yaml' }],
  });
  expect((await apply('demo', `a: ${'x'.repeat(3_000_000)}`)).status).toBe(413);
  const headers = { 'content-type': 'text/plain' };
  const plain = await test.send('POST', '/v1/projects/demo/manifests', { body: 'a: 1', headers });
  expect(plain).toMatchObject({ status: 415, body: { code: 'UnsupportedMediaType' } });
});

it('gives the same answer to the same request with the same key', async () => {
  const project = await fresh('replay');
  const send = (body = exampleFile('production-complete.yaml')) =>
    test.send<Results>('POST', `/v1/projects/${project}/manifests`, {
      body,
      key: test.adminKey,
      headers: { 'idempotency-key': 'apply-1' },
    });
  const first = await send();
  const second = await send();
  expect(second.status).toBe(200);
  expect(second.body).toEqual(first.body);
  expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  const other = await send(exampleFile('production-complete.yaml').replace('200Gi', '300Gi'));
  expect(other).toMatchObject({ status: 422, body: { code: 'IdempotencyMismatch' } });
});

it('files that come at once are all applied, one after another, also where they make the same resource', async () => {
  const project = await fresh('at-once');
  const file = (index: number) => ({
    apiVersion: 'apps.cozystack.io/v1alpha1',
    kind: 'VMDisk',
    metadata: { name: 'shared', labels: { turn: `${index}` } },
    spec: { storage: '1Gi' },
  });
  const replies = await Promise.all(Array.from({ length: 12 }, (_, index) => apply(project, file(index))));
  expect(replies.map(({ body }) => body.items?.[0]?.result).sort()).toEqual([
    ...Array.from({ length: 11 }, () => 'configured'),
    'created',
  ]);
});
