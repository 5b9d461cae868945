import { VIEW_SCHEMAS } from '@compute/contract';
import {
  AuditServiceClient,
  GetAvailabilityRequest,
  GetVmDiskRequest,
  HistoryServiceClient,
  ListAuditEntriesRequest,
  ListTransitionsRequest,
  ListVmDisksRequest,
  VmDiskServiceClient,
} from '@compute/proto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { invoke } from '../fixtures/grpc-clients.ts';
import { insecure, openTestApi, type TestApi } from '../fixtures/open-test-api.ts';
import { report } from '../fixtures/worker-reports.ts';

const PROJECT = 'demo';
const DISKS = '/v1/projects/demo/vm-disks';
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Items {
  readonly items: readonly { readonly type: string; readonly to: string; readonly name: string }[];
  readonly nextPageToken: string;
}

let test: TestApi;
/** After the disk was made, and before it was labelled. */
let made: Date;
beforeAll(async () => {
  test = await openTestApi();
  await test.send('POST', DISKS, { body: { metadata: { name: 'data' }, spec: { storage: '10Gi' } } });
  await report(test.store, 'VMDisk', 'data', 'Ready', true);
  made = await instant();
  await test.send('PATCH', `${DISKS}/data`, { body: { metadata: { labels: { tier: 'b' } } }, headers: MERGE });
  await test.send('POST', DISKS, { body: { metadata: { name: 'later' }, spec: { storage: '1Gi' } } });
});
afterAll(() => test.close());

/** An instant of which everything is told that was written before and nothing of what comes. */
async function instant(): Promise<Date> {
  const disk = await test.store.get('VMDisk', PROJECT, 'data');
  const at = new Date((disk?.updatedAt?.getTime() ?? 0) + 1);
  await vi.waitUntil(() => Date.now() > at.getTime() + 1, { interval: 1 });
  return at;
}

it('reads and lists what was there at an instant, over REST and gRPC alike', async () => {
  const one = await test.send(`GET`, `${DISKS}/data?asOf=${made.toISOString()}`);
  expect(VIEW_SCHEMAS.VMDisk.parse(one.body)).toMatchObject({ metadata: { labels: {} }, status: { phase: 'Ready' } });
  expect(one.headers.get('etag')).toBeNull();
  const page = await test.send<{ items: object[] }>('GET', `${DISKS}?asOf=${made.toISOString()}&fields=metadata.name`);
  expect(page.body.items).toEqual([{ metadata: { name: 'data' } }]);
  expect((await test.send('GET', `${DISKS}/later?asOf=${made.toISOString()}`)).status).toBe(404);

  const disks = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  const get = GetVmDiskRequest.fromPartial({
    project: PROJECT,
    name: 'data',
    asOf: made,
    readMask: ['metadata.labels'],
  });
  expect((await invoke(disks, disks.getVmDisk, get, test.metadata())).reply.metadata?.labels).toEqual({});
  const list = ListVmDisksRequest.fromPartial({ project: PROJECT, asOf: made });
  const { reply } = await invoke(disks, disks.listVmDisks, list, test.metadata());
  expect(reply.vmDisks.map(({ metadata }) => metadata?.name)).toEqual(['data']);
  disks.close();
});

it('names the earliest instant that is known', async () => {
  const early = await test.send('GET', `${DISKS}?asOf=2020-01-01T00:00:00Z`);
  expect(early.status).toBe(422);
  expect(early.body).toMatchObject({
    errors: [{ pointer: '/asOf', code: 'too_old', detail: expect.stringMatching(/since 20/) }],
  });
});

it('tells the history of one type, from either end', async () => {
  const history = (query: string) => test.send<Items>('GET', `/v1/projects/demo/history?name=data&${query}`);
  expect((await history('type=Phase&orderBy=at')).body.items.map(({ to }) => to)).toEqual(['Pending', 'Ready']);
  expect((await history('type=Phase')).body.items.map(({ to }) => to)).toEqual(['Ready', 'Pending']);
  expect((await history('type=Charge')).body.items.map(({ type }) => type)).toEqual(['Charge']);
  const first = (await history('type=Phase&orderBy=at&pageSize=1')).body;
  const next = await history(`type=Phase&orderBy=at&pageSize=1&pageToken=${first.nextPageToken}`);
  expect(next.body.items.map(({ to }) => to)).toEqual(['Ready']);
  expect((await history(`type=Phase&pageSize=1&pageToken=${first.nextPageToken}`)).status).toBe(422);

  const client = new HistoryServiceClient(test.api.grpcAddress, insecure());
  const ask = (more: object) =>
    invoke(
      client,
      client.listTransitions,
      ListTransitionsRequest.fromPartial({ project: PROJECT, name: 'data', type: 'Phase', ...more }),
      test.metadata(),
    );
  expect((await ask({ orderBy: 'at' })).reply.transitions.map(({ to }) => to)).toEqual(['Pending', 'Ready']);
  await expect(ask({ orderBy: 'to' })).rejects.toThrow('at desc');
  await expect(ask({ uid: 'no uid' })).rejects.toThrow('UUID');
  client.close();
});

it('reports times, availability and imports, page by page over one range', async () => {
  const path = '/v1/projects/demo/availability';
  const { body } = await test.send(`GET`, path);
  const whole = VIEW_SCHEMAS.Availability.parse(body);
  expect(whole).toMatchObject({ machines: { count: 0, failures: 0 }, disks: { count: 2 }, nextPageToken: '' });
  expect(whole.machines.availability).toBeUndefined();
  expect(whole.items.map(({ name }) => name)).toEqual(['data', 'later']);
  expect(Object.keys(whole.items[0]?.phaseSeconds ?? {})).toContain('Ready');
  const first = VIEW_SCHEMAS.Availability.parse((await test.send('GET', `${path}?pageSize=1`)).body);
  const next = await test.send('GET', `${path}?pageSize=1&pageToken=${first.nextPageToken}`);
  expect(next.body).toMatchObject({ to: first.to, items: [{ name: 'later' }], nextPageToken: '' });
  const backwards = '?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z';
  expect((await test.send('GET', `${path}${backwards}`)).status).toBe(422);

  const client = new HistoryServiceClient(test.api.grpcAddress, insecure());
  const asked = GetAvailabilityRequest.fromPartial({ project: PROJECT, kind: 'VMDisk', name: 'data' });
  const { reply } = await invoke(client, client.getAvailability, asked, test.metadata());
  expect(reply).toMatchObject({ diskCount: 1, resources: [{ name: 'data' }] });
  expect(reply.uptime?.availability).toBeUndefined();
  client.close();
});

it('finds changes of quotas and of one resource in the audit log', async () => {
  await test.send('PUT', '/v1/projects/demo/quota', { body: { series: { U: { vcpus: 7 } } }, key: test.adminKey });
  const audit = (query: string) =>
    test.send<{ items: { kind: string; verb: string }[] }>('GET', `/v1/projects/demo/audit?${query}`, {
      key: test.adminKey,
    });
  expect((await audit('kind=Quota')).body.items.map(({ kind }) => kind)).toEqual(['Quota']);
  expect((await audit('kind=VMDisk&name=data')).body.items.map(({ verb }) => verb)).toEqual(['update', 'create']);
  expect((await audit('verb=create&kind=VMDisk')).body.items).toHaveLength(2);
  const client = new AuditServiceClient(test.api.grpcAddress, insecure());
  const asked = ListAuditEntriesRequest.fromPartial({ project: PROJECT, kind: 'Quota' });
  expect(
    (await invoke(client, client.listAuditEntries, asked, test.metadata(test.adminKey))).reply.entries,
  ).toHaveLength(1);
  client.close();
});
