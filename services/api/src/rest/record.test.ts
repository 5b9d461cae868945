import { VIEW_SCHEMAS } from '@compute/contract';
import { API_VERSION, type VmDisk } from '@compute/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEvents } from '../fixtures/event-source.ts';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

const WORKER = { type: 'system', id: 'worker' } as const;

let test: TestApi;
let operation: string;
beforeAll(async () => {
  test = await openTestApi();
  const created = await test.send('POST', '/v1/projects/demo/vm-disks', {
    body: { metadata: { name: 'data' }, spec: { storage: '10Gi' } },
  });
  operation = /<([^>]+)>/.exec(created.headers.get('link') ?? '')?.[1] ?? '';
});
afterAll(() => test.close());

/** What a worker writes when the disk is there. */
async function becomeReady(): Promise<VmDisk> {
  const disk = await test.store.get('VMDisk', 'demo', 'data');
  if (!disk) throw new Error('There is no disk.');
  const { resource } = await test.store.observe<'VMDisk'>({
    actor: WORKER,
    uid: disk.uid,
    loaded: disk,
    phase: 'Ready',
    reason: 'Bound',
    message: 'The disk is there.',
    conditions: [{ type: 'Ready', status: 'True', reason: 'Bound', message: '' }],
    details: {
      capacity: '10Gi',
      attachedTo: [],
      import: { phase: 'Done', percent: 100, attempts: 1, lastProgressAt: new Date().toISOString() },
    },
  });
  return resource;
}

it('waits for an operation until it is done', async () => {
  const early = await test.send('GET', `${operation}?wait=0s`);
  expect(VIEW_SCHEMAS.Operation.parse(early.body)).toMatchObject({
    done: false,
    verb: 'create',
    target: { kind: 'VMDisk', name: 'data' },
  });
  const waiting = test.send('GET', `${operation}?wait=30s`);
  await becomeReady();
  expect((await waiting).body).toMatchObject({ done: true, doneAt: expect.any(String) });
  const list = await test.send<{ items: unknown[] }>('GET', '/v1/operations?project=demo');
  expect(list.body.items).toHaveLength(1);
  expect((await test.send('GET', '/v1/operations/nonsense')).status).toBe(404);
  expect((await test.send('GET', `${operation}?wait=soon`)).status).toBe(422);
});

it('shows what was observed, without what is internal', async () => {
  const { body } = await test.send('GET', '/v1/projects/demo/vm-disks/data');
  expect(VIEW_SCHEMAS.VMDisk.parse(body)).toMatchObject({
    status: {
      phase: 'Ready',
      capacity: '10Gi',
      import: { phase: 'Done', percent: 100, attempts: 1 },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
});

it('tells the history, newest first, page by page', async () => {
  const path = '/v1/projects/demo/history?kind=VMDisk&name=data';
  const all = await test.send<{ items: { type: string; to: string; actor: string }[] }>('GET', path);
  expect(all.body.items.map(({ type, to }) => `${type} ${to}`).sort()).toEqual([
    'Phase Pending',
    'Phase Ready',
    'Ready True',
  ]);
  for (const item of all.body.items) VIEW_SCHEMAS.Transition.parse(item);
  const first = await test.send<{ items: unknown[]; nextPageToken: string }>('GET', `${path}&pageSize=2`);
  const second = await test.send<{ items: unknown[]; nextPageToken: string }>(
    'GET',
    `${path}&pageSize=2&pageToken=${first.body.nextPageToken}`,
  );
  expect([...first.body.items, ...second.body.items]).toEqual(all.body.items);
});

it('feeds usage events as CloudEvents, as pages, batches and a stream, and sums them up', async () => {
  const disk = await test.store.get('VMDisk', 'demo', 'data');
  const deleting = await test.store.requestDeletion({
    actor: WORKER,
    requestId: 'r',
    target: { uid: disk?.uid ?? '', project: 'demo' },
  });
  await test.store.remove({ actor: WORKER, uid: deleting.resource.uid, loaded: deleting.resource });
  await test.store.usage.publish();
  const page = await test.send<{ events: { id: string }[]; nextCursor: string }>('GET', '/v1/usage/events');
  expect(page.body.events).toHaveLength(1);
  const [event] = page.body.events;
  expect(VIEW_SCHEMAS.UsageEvent.parse(event)).toMatchObject({
    subject: 'VMDisk/data',
    data: { meter: 'disk.allocated', project: 'demo', dimensions: { storageClass: 'replicated', storageGib: 10 } },
  });
  const after = await test.send('GET', `/v1/usage/events?after=${page.body.nextCursor}`);
  expect(after.body).toEqual({ events: [], nextCursor: page.body.nextCursor });
  const batch = await test.send<unknown[]>('GET', '/v1/usage/events', {
    headers: { accept: 'application/cloudevents-batch+json' },
  });
  expect(batch.headers.get('content-type')).toContain('application/cloudevents-batch+json');
  expect(batch.body).toEqual(page.body.events);
  const stream = await openEvents(`${test.api.restUrl}/v1/usage/events/stream`, {
    authorization: `Bearer ${test.key}`,
  });
  expect(await stream.next()).toMatchObject({ event: 'usage', id: page.body.nextCursor, data: { id: event?.id } });
  stream.close();
  const summary = await test.send('GET', '/v1/projects/demo/usage?groupBy=resource');
  expect(VIEW_SCHEMAS.UsageSummary.parse(summary.body).items).toMatchObject([
    { meter: 'disk.allocated', name: 'data', kind: 'VMDisk' },
  ]);
  expect((await test.send('GET', '/v1/usage/events?after=made-up')).status).toBe(422);
});

it('keeps one project’s events from another’s key', async () => {
  await test.store.createProject('other');
  const key = await test.newKey(['read'], 'other');
  expect((await test.send<{ events: [] }>('GET', '/v1/usage/events', { key })).body.events).toEqual([]);
  expect((await test.send('GET', '/v1/usage/events?project=demo', { key })).status).toBe(404);
  expect((await test.send('GET', operation, { key })).status).toBe(404);
});

it('answers who waits for an operation when the server stops', async () => {
  const own = await openTestApi();
  const created = await own.send('POST', '/v1/projects/demo/vm-disks', {
    body: { metadata: { name: 'data' }, spec: { storage: '1Gi' } },
  });
  const path = /<([^>]+)>/.exec(created.headers.get('link') ?? '')?.[1] ?? '';
  const waiting = own.send('GET', `${path}?wait=60s`);
  const inFlight = async () => (await own.send('GET', '/metrics', { key: '' })).text;
  await expect.poll(inFlight).toMatch(/compute_requests_in_flight\{[^}]*face="rest"[^}]*\} 2\n/);
  await own.close();
  expect((await waiting).body).toMatchObject({ done: false });
});

it('refuses an idempotency key that is none', async () => {
  const body = { apiVersion: API_VERSION, kind: 'VMDisk', metadata: { name: 'long' }, spec: { storage: '1Gi' } };
  const create = (path: string, key: string) =>
    test.send('POST', `/v1/projects/demo/${path}`, { body, headers: { 'idempotency-key': key } });
  for (const path of ['vm-disks', 'vm-disks?dryRun=true', 'manifests'])
    expect(await create(path, 'x'.repeat(256)), path).toMatchObject({
      status: 400,
      body: { code: 'InvalidArgument', detail: 'An idempotency key has 1 to 255 printable ASCII characters.' },
    });
  expect((await create('manifests', 'x'.repeat(255))).status).toBe(200);
});
