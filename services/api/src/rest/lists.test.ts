import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

interface ListReply {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  readonly nextPageToken: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

let test: TestApi;
const DISKS = '/v1/projects/demo/vm-disks';
beforeAll(async () => {
  test = await openTestApi();
  for (const [name, storageClass] of [
    ['beta', 'local'],
    ['alpha', 'replicated'],
    ['gamma', 'local'],
  ])
    await test.send('POST', DISKS, { body: { metadata: { name }, spec: { storage: '1Gi', storageClass } } });
});
afterAll(() => test.close());

const list = (query: Record<string, string>, path = DISKS) =>
  test.send<ListReply>('GET', `${path}?${new URLSearchParams(query)}`);
const namesOf = ({ body }: { body: ListReply }) => body.items.map(({ metadata }) => metadata.name);

it('orders a list, and goes on in that order', async () => {
  expect(namesOf(await list({ orderBy: 'createdAt desc' }))).toEqual(['gamma', 'alpha', 'beta']);
  const query = { orderBy: 'createdAt', pageSize: '2' };
  const first = await list(query);
  const rest = await list({ ...query, pageToken: first.body.nextPageToken });
  expect([namesOf(first), namesOf(rest)]).toEqual([['beta', 'alpha'], ['gamma']]);
  expect(rest.body.nextPageToken).toBe('');
});

it('filters by more than one field', async () => {
  expect(namesOf(await list({ filter: 'storageClass=local AND name!=beta' }))).toEqual(['gamma']);
  expect(namesOf(await list({ filter: 'spec.storageClass=local AND createdAt>2026-01-01' }))).toEqual([
    'beta',
    'gamma',
  ]);
});

it('gives the fields that were asked for and no others, in a list and of one', async () => {
  const fields = 'metadata.name,status.phase';
  const page = await list({ fields, pageSize: '1' });
  expect(page.body.items).toEqual([{ metadata: { name: 'alpha' }, status: { phase: 'Pending' } }]);
  const one = await test.send('GET', `${DISKS}/alpha?fields=${fields}`);
  expect(one.body).toEqual(page.body.items[0]);
  expect(one.headers.get('etag')).not.toBeNull();
});

it('names every error of a query at once', async () => {
  const reply = await list({ filter: 'nope=1', orderBy: 'size', fields: 'spec.nope', labelSelector: '!!' });
  expect(reply.status).toBe(422);
  expect(reply.body.errors?.map(({ pointer }) => pointer)).toEqual([
    '/labelSelector',
    '/filter',
    '/orderBy',
    '/fields/0',
  ]);
});

it('takes a token only with the query that it came with', async () => {
  const query = { orderBy: 'createdAt', pageSize: '1', filter: 'storageClass=local' };
  const { body } = await list(query);
  const others: Record<string, string>[] = [
    { orderBy: 'name' },
    { filter: 'storageClass=replicated' },
    { fields: 'kind' },
  ];
  for (const other of others) {
    const reply = await list({ ...query, ...other, pageToken: body.nextPageToken });
    expect(reply.body.errors?.map(({ pointer }) => pointer)).toEqual(['/pageToken']);
  }
  expect(namesOf(await list({ ...query, pageSize: '9', pageToken: body.nextPageToken }))).toEqual(['gamma']);
});
