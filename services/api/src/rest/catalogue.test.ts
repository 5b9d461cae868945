import { VIEW_SCHEMAS } from '@compute/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

const list = (path: string, headers = {}) =>
  test.send<{ items: { name: string }[]; nextPageToken: string }>('GET', `/v1/${path}`, { headers });

it.each([
  ['instance-types', 'InstanceType', 20],
  ['instance-profiles', 'InstanceProfile', 30],
  ['storage-classes', 'StorageClass', 2],
] as const)('lists all %s', async (path, view, count) => {
  const { body } = await list(path);
  expect(body.items.map((item) => VIEW_SCHEMAS[view].parse(item))).toHaveLength(count);
  expect(body.nextPageToken).toBe('');
});

it('is not sent again to who has it', async () => {
  const first = await list('images');
  const etag = first.headers.get('etag') ?? '';
  expect(first.headers.get('cache-control')).toBe('private, max-age=300');
  const second = await list('images', { 'if-none-match': `"other", ${etag}` });
  expect([second.status, second.text]).toEqual([304, '']);
  expect((await list('images', { 'if-none-match': '"other"' })).status).toBe(200);
});

it('goes page by page, with the fields that were asked for', async () => {
  const first = await list('instance-types?pageSize=12&fields=name');
  const rest = await list(`instance-types?pageSize=12&pageToken=${first.body.nextPageToken}`);
  expect(first.body.items[0]).toEqual({ name: 's1.small' });
  expect([first.body.items.length, rest.body.items.length, rest.body.nextPageToken]).toEqual([12, 8, '']);
  const foreign = await list(`images?pageToken=${first.body.nextPageToken}`);
  expect(foreign.status).toBe(422);
});

it('refuses a profile that needs more than the type has, with both numbers', async () => {
  const body = {
    metadata: { name: 'tight' },
    spec: { resources: { cpu: 1, memory: '1Gi' }, instanceProfile: 'ubuntu' },
  };
  const reply = await test.send<{ detail: string }>('POST', '/v1/projects/demo/vm-instances', { body });
  expect(reply.status).toBe(422);
  expect(reply.body.detail).toMatch(/needs 2 GiB of memory\. The machine has 1 GiB/);
});
