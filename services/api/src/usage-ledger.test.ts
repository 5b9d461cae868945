import { type SignedUsageManifest, type UsageCloudEvent, type VerificationKeys, verifyExport } from '@compute/contract';
import {
  AckUsageConsumerRequest,
  ExportUsageRequest,
  GetUsageManifestRequest,
  ListUsageEventsRequest,
  StreamUsageEventsRequest,
  UsageFormat,
  UsageLedgerServiceClient,
  UsageServiceClient,
} from '@compute/proto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEvents } from './fixtures/event-source.ts';
import { invoke } from './fixtures/grpc-clients.ts';
import { insecure, openTestApi, type TestApi } from './fixtures/open-test-api.ts';
import { removeFully, report } from './fixtures/worker-reports.ts';

const FROM = '2020-01-01T00:00:00Z';

/** Disks that came, were there until now, and went. Their time is moved back, over the end of a period. */
async function leaveUsage(names: readonly string[]): Promise<void> {
  const database = new pg.Client({ connectionString: test.config.databaseUrl });
  await database.connect();
  for (const name of names) {
    const spec = { source: {}, storage: '10Gi' };
    const manifest = { apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMDisk', metadata: { name }, spec };
    expect((await test.send('POST', '/v1/projects/demo/vm-disks', { body: manifest })).status).toBe(201);
    await report(test.store, 'VMDisk', name, 'Ready', true);
  }
  for (const [table, column] of [
    ['usage_open', 'opened_at'],
    ['transition', 'at'],
  ])
    await database.query(
      `set session_replication_role = replica; update ${table} set ${column} = ${column} - interval '2 hours'`,
    );
  await database.end();
  for (const name of names) {
    await test.send('DELETE', `/v1/projects/demo/vm-disks/${name}`);
    await removeFully(test.store, 'VMDisk', name);
  }
}

let test: TestApi;
let ledger: UsageLedgerServiceClient;
let to: string;
beforeAll(async () => {
  test = await openTestApi();
  ledger = new UsageLedgerServiceClient(test.api.grpcAddress, insecure());
  await leaveUsage(['one', 'two', 'three']);
  const { sealed } = await test.store.usage.closePeriods();
  expect(sealed).toBe(1);
  const checkpoints = await test.send<{ items: { periodEnd: string }[] }>('GET', '/v1/projects/demo/usage/checkpoints');
  to = checkpoints.body.items[0]?.periodEnd ?? expect.unreachable('no checkpoint');
});
afterAll(async () => {
  ledger.close();
  await test.close();
});

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

async function proofs() {
  const keys = (await test.send<VerificationKeys>('GET', '/v1/usage/keys')).body;
  const manifest = `/v1/projects/demo/usage/manifest?from=${FROM}&to=${to}`;
  return { keys, signed: (await test.send<SignedUsageManifest>('GET', manifest)).body };
}

it.each(['ndjson', 'csv'] as const)(
  'an export as %s is accepted by whoever has the manifest and the keys',
  async (format) => {
    const exported = await test.send('GET', `/v1/projects/demo/usage/export?from=${FROM}&to=${to}&format=${format}`);
    expect(exported.status).toBe(200);
    const verdict = await verifyExport({ lines: linesOf(exported.text), format, ...(await proofs()) });
    expect(verdict).toMatchObject({ ok: true, problems: [] });
    expect(verdict.events).toBe(Number(exported.headers.get('usage-events')));
    expect(verdict.events).toBeGreaterThanOrEqual(3);
  },
);

it('a line of an export is the event of the feed', async () => {
  const exported = await test.send('GET', `/v1/projects/demo/usage/export?from=${FROM}&to=${to}`);
  const feed = await test.send<{ events: UsageCloudEvent[] }>('GET', '/v1/usage/events?limit=1000');
  const events = linesOf(exported.text).map((line) => JSON.parse(line) as UsageCloudEvent);
  expect(events).toEqual(feed.body.events.slice(0, events.length));
});

it('a spreadsheet adds up to the summary', async () => {
  const csv = linesOf((await test.send('GET', `/v1/projects/demo/usage/export?from=${FROM}&to=${to}&format=csv`)).text);
  const column = csv[0]?.split(',').indexOf('durationMs') ?? -1;
  const sum = csv.slice(1).reduce((total, line) => total + Number(line.split(',')[column]), 0);
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const path = `/v1/projects/demo/usage?from=${from}&to=${to}`;
  const { body } = await test.send<{ items: { durationMs: number }[] }>('GET', path);
  expect(body.items.reduce((total, { durationMs }) => total + durationMs, 0)).toBe(sum);
});

it('gRPC gives the same lines and the same signed manifest', async () => {
  const from = new Date(FROM);
  const request = ExportUsageRequest.fromPartial({
    project: 'demo',
    from,
    to: new Date(to),
    format: UsageFormat.USAGE_FORMAT_NDJSON,
  });
  const parts: Buffer[] = [];
  for await (const { lines } of ledger.exportUsage(request, test.metadata())) parts.push(Buffer.from(lines));
  const rest = await test.send('GET', `/v1/projects/demo/usage/export?from=${FROM}&to=${to}`);
  expect(Buffer.concat(parts).toString()).toBe(rest.text);
  const { signed } = await proofs();
  const asked = GetUsageManifestRequest.fromPartial({ project: 'demo', from, to: new Date(to) });
  const { reply } = await invoke(ledger, ledger.getUsageManifest, asked, test.metadata());
  expect(reply.statement).toBe(signed.statement);
  expect(Number(reply.manifest?.count)).toBe(signed.manifest.count);
});

it('a span that is not closed is refused with the pointer', async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  expect(await test.send('GET', `/v1/projects/demo/usage/export?from=${FROM}&to=${tomorrow}`)).toMatchObject({
    status: 422,
    body: { code: 'InvalidArgument', errors: [{ pointer: '/to' }] },
  });
});

it('a named reader goes on where it acknowledged, and says how far behind it is', async () => {
  const page = await test.send<{ events: object[]; nextCursor: string }>('GET', '/v1/usage/events?limit=2');
  const path = '/v1/usage/consumers/invoices';
  const acked = await test.send<{ cursor: string; eventsBehind: number }>('POST', `${path}:ack`, {
    body: { cursor: page.body.nextCursor },
  });
  expect(acked.status).toBe(200);
  const rest = await test.send<{ events: object[] }>('GET', `/v1/usage/events?limit=1000&after=${acked.body.cursor}`);
  expect(rest.body.events).toHaveLength(acked.body.eventsBehind);
  const begin = AckUsageConsumerRequest.fromPartial({
    project: 'demo',
    name: 'invoices',
    cursor: page.body.nextCursor,
  });
  const { reply } = await invoke(ledger, ledger.ackUsageConsumer, begin, test.metadata());
  expect(Number(reply.eventsBehind)).toBe(acked.body.eventsBehind);
  expect((await test.send<{ items: object[] }>('GET', '/v1/usage/consumers')).body.items).toHaveLength(1);
  expect((await test.send('GET', '/v1/usage/consumers', { key: test.adminKey })).body).toMatchObject({ items: [] });
  expect(
    await test.send('POST', '/v1/usage/consumers/No!:ack', { body: { cursor: page.body.nextCursor } }),
  ).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/name' }] },
  });
  expect(await test.send('POST', `${path}:ack`, { body: { cursor: 'made-up' } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/cursor' }] },
  });
  expect((await test.send('DELETE', path)).status).toBe(200);
  expect((await test.send('GET', path)).status).toBe(404);
});

it('a named reader is given the next batch, over REST, its stream and gRPC, until it acknowledges', async () => {
  const batch = '/v1/usage/events?consumer=tower&limit=2';
  const first = await test.send<{ events: UsageCloudEvent[]; nextCursor: string }>('GET', batch);
  expect(first.body.events.map(({ chainposition }) => chainposition)).toEqual(['1', '2']);
  expect((await test.send<typeof first.body>('GET', batch)).body).toEqual(first.body);
  await test.send('POST', '/v1/usage/consumers/tower:ack', { body: { cursor: first.body.nextCursor } });
  const second = await test.send<{ events: UsageCloudEvent[] }>('GET', batch);
  expect(second.body.events[0]?.chainposition).toBe('3');
  const usage = new UsageServiceClient(test.api.grpcAddress, insecure());
  const asked = ListUsageEventsRequest.fromPartial({ consumer: 'tower', limit: 2 });
  const { reply } = await invoke(usage, usage.listUsageEvents, asked, test.metadata());
  expect(reply.events.map(({ id }) => id)).toEqual(second.body.events.map(({ id }) => id));
  const streamed = StreamUsageEventsRequest.fromPartial({ consumer: 'tower' });
  const call = usage.streamUsageEvents(streamed, test.metadata());
  call.on('error', () => undefined);
  for await (const { event } of call) {
    expect(event?.id).toBe(second.body.events[0]?.id);
    break;
  }
  call.cancel();
  usage.close();
  const stream = await openEvents(`${test.api.restUrl}/v1/usage/events/stream?consumer=tower`, {
    authorization: `Bearer ${test.key}`,
  });
  expect(await stream.next()).toMatchObject({ data: { chainposition: '3' } });
  stream.close();
  expect(await test.send('GET', '/v1/usage/events?consumer=No!')).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/consumer' }] },
  });
  await test.send('DELETE', '/v1/usage/consumers/tower');
});

it('an event is taken back by the platform’s administrators, and the audit stays clean', async () => {
  const feed = await test.send<{ events: UsageCloudEvent[] }>('GET', '/v1/usage/events?limit=1');
  const id = feed.body.events[0]?.id ?? expect.unreachable('no event');
  expect(
    (await test.send('POST', `/v1/usage/events/${id}:correct`, { key: await test.newKey(['admin'], 'demo') })).status,
  ).toBe(403);
  const corrected = await test.send<{ id: string }>('POST', `/v1/usage/events/${id}:correct`, { key: test.adminKey });
  expect(corrected).toMatchObject({ status: 200, body: { corrects: id } });
  await test.store.usage.publish();
  const all = await test.send<{ events: UsageCloudEvent[] }>('GET', '/v1/usage/events?limit=1000');
  expect(all.body.events.find((event) => event.id === corrected.body.id)?.data.corrects).toBe(id);
  const audit = await test.send('GET', '/v1/projects/demo/usage/audit', { key: test.adminKey });
  expect(audit.body).toEqual({ project: 'demo', audited: 3, findings: [] });
});
