import { VIEW_SCHEMAS } from '@compute/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';
import { report } from '../fixtures/worker-reports.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

const DISKS = '/v1/projects/demo/vm-disks';
async function create(name: string): Promise<string> {
  const { headers } = await test.send('POST', DISKS, { body: { metadata: { name }, spec: { storage: '1Gi' } } });
  return /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? '';
}

it('says how far an open operation is, and what has happened since it began', async () => {
  const path = await create('observed');
  await report(test.store, 'VMDisk', 'observed', 'Importing', false);
  const { body } = await test.send('GET', path);
  expect(VIEW_SCHEMAS.Operation.parse(body)).toMatchObject({
    done: false,
    progress: { phase: 'Importing', message: 'It is Importing.' },
    steps: [
      { type: 'Phase', to: 'Pending' },
      { type: 'Ready', to: 'False' },
      { type: 'Phase', to: 'Importing' },
    ],
  });
  await report(test.store, 'VMDisk', 'observed', 'Ready', true);
  const done = VIEW_SCHEMAS.Operation.parse((await test.send('GET', path)).body);
  expect(done.progress).toBeUndefined();
  expect(done.steps?.at(-1)).toMatchObject({ type: 'Phase', to: 'Ready' });
});

it('cancels an import by its disk, once, and refuses when nothing is imported', async () => {
  await create('by-disk');
  const first = await test.send('POST', `${DISKS}/by-disk:cancel`);
  expect(first.status).toBe(202);
  expect(first.headers.get('link')).toContain('/v1/operations/');
  expect((await test.send('POST', `${DISKS}/by-disk:cancel`)).status).toBe(200);
  await report(test.store, 'VMDisk', 'by-disk', 'Failed', false);
  const late = await test.send('POST', `${DISKS}/by-disk:cancel`);
  expect(late).toMatchObject({ status: 200 });
  expect((await test.send('POST', `${DISKS}/by-disk:retry`)).status).toBe(202);
  await report(test.store, 'VMDisk', 'by-disk', 'Ready', true);
  const nothing = await test.send('POST', `${DISKS}/by-disk:cancel`);
  expect(nothing).toMatchObject({ status: 409, body: { code: 'NotCancellable' } });
});

it('cancels an import by its operation', async () => {
  const path = await create('by-operation');
  expect((await test.send('POST', `${path}:cancel`)).status).toBe(202);
  expect((await test.store.get('VMDisk', 'demo', 'by-operation'))?.intent).toEqual({ cancelled: { asked: 2 } });
  await report(test.store, 'VMDisk', 'by-operation', 'Failed', false);
  const over = await test.send('POST', `${path}:cancel`);
  expect(over).toMatchObject({ status: 200, body: { done: true } });
});

it('says of other work what to do instead, and needs a key that may write', async () => {
  const path = await create('kept');
  const deletion = await test.send('DELETE', `${DISKS}/kept`);
  const link = /<([^>]+)>/.exec(deletion.headers.get('link') ?? '')?.[1];
  const reply = await test.send('POST', `${link}:cancel`);
  expect(reply).toMatchObject({
    status: 409,
    body: { code: 'NotCancellable', detail: expect.stringContaining('taken back') },
  });
  const reader = await test.newKey(['read'], 'demo');
  expect((await test.send('POST', `${path}:cancel`, { key: reader })).status).toBe(403);
  const stranger = await test.newKey(['write'], (await test.store.createProject('stranger')).name);
  expect((await test.send('POST', `${path}:cancel`, { key: stranger })).status).toBe(404);
  expect((await test.send('POST', `${path}:undo`)).status).toBe(404);
});

it('lists what a filter selects, of the project of the key', async () => {
  const query = new URLSearchParams({ filter: 'verb=create AND done=true', fields: 'verb,target.name' });
  const { body } = await test.send('GET', `/v1/operations?${query}`);
  expect(body).toMatchObject({ nextPageToken: '' });
  expect((body as { items: object[] }).items).toContainEqual({ verb: 'create', target: { name: 'observed' } });
  const wrong = await test.send(
    'GET',
    `/v1/operations?${new URLSearchParams({ filter: 'verb=dance AND done=perhaps' })}`,
  );
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/filter' }, { pointer: '/filter' }] } });
  expect((await test.send('GET', '/v1/operations', { key: test.adminKey })).body).toMatchObject({
    errors: [{ pointer: '/project', code: 'required' }],
  });
});
