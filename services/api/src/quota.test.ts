/** Quotas as their users meet them: refusals with their numbers on every face, who holds what, what would fit, what happened. */
import {
  CreateVmInstanceRequest,
  ListQuotaClaimsRequest,
  ListQuotaEventsRequest,
  QuotaEventType,
  QuotaServiceClient,
  SimulateQuotaRequest,
  VmInstanceServiceClient,
} from '@compute/proto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { detailsOf, invoke } from './fixtures/grpc-clients.ts';
import { kubeClient } from './fixtures/kube-client.ts';
import { type KubectlStage, openKubectlStage } from './fixtures/kubectl.ts';
import { insecure } from './fixtures/open-test-api.ts';
import { report } from './fixtures/worker-reports.ts';

let stage: KubectlStage;
beforeAll(async () => {
  stage = await openKubectlStage();
}, 60_000);
afterAll(() => stage.close());

let project: string;
let round = 0;
beforeEach(async () => {
  round += 1;
  project = `quota-${round}`;
  await stage.it.store.createProject(project);
});

const vm = (name: string, spec: object = {}) => ({
  ...{ apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name } },
  spec: { instanceType: 'u1.xlarge', instanceProfile: 'ubuntu', running: false, ...spec },
});
const disk = (name: string, storage: string) => ({
  ...{ apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMDisk', metadata: { name }, spec: { storage } },
});
// biome-ignore lint/suspicious/noExplicitAny: bodies of many endpoints
const send = (method: string, path: string, body?: unknown, headers = {}): Promise<{ status: number; body: any }> =>
  stage.it.send(method, `/v1/projects/${project}/${path}`, {
    ...{ key: stage.it.adminKey, headers },
    ...(body === undefined ? {} : { body }),
  });
const limit = (document: object) => send('PUT', 'quota', document);
const rpc = <C>(Client: new (address: string, credentials: ReturnType<typeof insecure>) => C): C =>
  new Client(stage.it.api.grpcAddress, insecure());
const admin = () => stage.it.metadata(stage.it.adminKey);
const kube = () => kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.adminKey);

const NUMBERS = { metric: 'vcpus', scope: 'series:U', limit: 6, used: 4, requested: 4, remaining: 2 };
const SENTENCE = 'Quota exceeded: series U has a limit of 6 vCPUs; 4 in use, 4 requested, 2 remaining.';

test('a refusal has the same sentence and the same numbers on each face', async () => {
  await limit({ series: { U: { vcpus: 6 } } });
  expect((await send('POST', 'vm-instances', vm('first'))).status).toBe(201);

  const rest = await send('POST', 'vm-instances', vm('second'));
  expect(rest).toMatchObject({ status: 403, body: { code: 'QuotaExceeded', detail: SENTENCE, quota: NUMBERS } });

  const client = rpc(VmInstanceServiceClient);
  const spec = { instanceType: 'u1.xlarge', instanceProfile: 'ubuntu', running: false };
  const request = CreateVmInstanceRequest.fromPartial({ project, vmInstance: { metadata: { name: 'second' }, spec } });
  const failed = await detailsOf(invoke(client, client.createVmInstance, request, admin()));
  client.close();
  expect(failed.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(failed.quota?.violations).toEqual([
    expect.objectContaining({
      ...{
        subject: 'series:U',
        description: SENTENCE,
        quotaMetric: 'vcpus',
        quotaId: 'series:U/vcpus',
        quotaValue: 6n,
      },
      quotaDimensions: { series: 'U', used: '4', requested: '4', remaining: '2' },
    }),
  ]);

  const refused = await kube().send('POST', `namespaces/${project}/vminstances`, vm('second'));
  expect(refused.body).toMatchObject({ kind: 'Status', code: 403, reason: 'Forbidden' });
  expect(refused.body.message).toContain(SENTENCE);
  expect(
    refused.body.details.causes.map(({ field, message }: Record<string, string>) => `${field} ${message}`),
  ).toEqual(['limit: 6', 'used: 4', 'requested: 4', 'remaining: 2'].map((number) => `series:U/vcpus ${number}`));
});

test('every way to more is judged: a larger type, an address, a larger disk, a file, kubectl', async () => {
  await limit({ series: { U: { vcpus: 4 } }, storage: { replicated: { storageGib: 10 } }, externalIps: 0 });
  expect((await send('POST', 'vm-instances', vm('web'))).status).toBe(201);
  expect((await send('POST', 'vm-disks', disk('data', '10Gi'))).status).toBe(201);
  const patch = (path: string, spec: object) =>
    send('PATCH', path, { spec }, { 'content-type': 'application/merge-patch+json' });
  const refused = [
    await patch('vm-instances/web', { instanceType: 'u1.2xlarge' }),
    await patch('vm-instances/web', { external: true, externalPorts: [22] }),
    await patch('vm-disks/data', { storage: '11Gi' }),
  ];
  expect(refused.map(({ body }) => [body.code, body.quota?.metric, body.quota?.requested])).toEqual([
    ['QuotaExceeded', 'vcpus', 4],
    ['QuotaExceeded', 'externalIps', 1],
    ['QuotaExceeded', 'storageGib', 1],
  ]);
  const applied = await send('POST', 'manifests?partial=true', [
    disk('more', '1Gi'),
    vm('small', { instanceType: 's1.small' }),
  ]);
  expect(applied.body.items.map(({ result, code }: Record<string, string>) => [result, code])).toEqual([
    ['invalid', 'QuotaExceeded'],
    ['created', undefined],
  ]);
  const edited = await kube().send(
    'PATCH',
    `namespaces/${project}/vminstances/web`,
    { spec: { external: true, externalPorts: [22] } },
    'application/merge-patch+json',
  );
  expect([edited.body.code, edited.body.message]).toEqual([
    403,
    expect.stringContaining('0 external IPs; 0 in use, 1 requested'),
  ]);
});

test('a limit below use stops growth and nothing else', async () => {
  await send('POST', 'vm-instances', vm('web'));
  const lowered = await limit({ series: { U: { vcpus: 1 } } });
  expect(lowered.body.series.U.vcpus).toEqual({ limit: 1, used: 4, reserved: 4, remaining: 0 });
  const patch = { 'content-type': 'application/merge-patch+json' };
  expect((await send('PATCH', 'vm-instances/web', { metadata: { labels: { a: 'b' } } }, patch)).status).toBe(202);
  expect((await send('PATCH', 'vm-instances/web', { spec: { instanceType: 'u1.large' } }, patch)).status).toBe(202);
  expect((await send('POST', 'vm-instances', vm('more'))).body.code).toBe('QuotaExceeded');
  const open = await limit({ series: { U: { vcpus: 'unlimited' } } });
  expect(open.body.series.U.vcpus).toMatchObject({ limit: 'unlimited', remaining: 'unlimited' });
});

test('who holds what is listed page by page, with what still waits, over REST and gRPC', async () => {
  for (const name of ['a', 'b', 'c']) await send('POST', 'vm-instances', vm(name));
  await report(stage.it.store, 'VMInstance', 'a', 'Running', true, project);
  const first = await send('GET', 'quota/claims?scope=series:U&metric=memoryGib&pageSize=2');
  expect(first.body.items).toMatchObject([
    {
      kind: 'VMInstance',
      name: 'a',
      phase: 'Running',
      claims: [{ scope: 'series:U', metric: 'memoryGib', held: 16, reserved: 0 }],
    },
    { kind: 'VMInstance', name: 'b', phase: 'Pending', claims: [{ held: 16, reserved: 16 }] },
  ]);
  const path = `quota/claims?scope=series:U&metric=memoryGib&pageSize=2&pageToken=${first.body.nextPageToken}`;
  expect((await send('GET', path)).body).toMatchObject({ items: [{ name: 'c' }], nextPageToken: '' });
  expect((await send('GET', path.replace('memoryGib', 'vcpus'))).status).toBe(422);
  expect((await send('GET', 'quota/claims?metric=memory')).status).toBe(422);
  const numbers = (await send('GET', 'quota')).body.series.U.memoryGib;
  expect(numbers).toMatchObject({ used: 48, reserved: 32 });

  const client = rpc(QuotaServiceClient);
  const asked = ListQuotaClaimsRequest.fromPartial({ project, scope: 'series:U', metric: 'vcpus', pageSize: 10 });
  const { reply } = await invoke(client, client.listQuotaClaims, asked, admin());
  expect(reply.holders.map(({ name, claims }) => [name, claims[0]?.held])).toEqual([
    ['a', 4],
    ['b', 4],
    ['c', 4],
  ]);
  client.close();
});

test('a what-if says which documents would be refused and what all of them need, and changes nothing', async () => {
  await limit({ series: { U: { vcpus: 10 } }, storage: { replicated: { disks: 'unlimited' } } });
  await send('POST', 'vm-instances', vm('present'));
  const documents = [vm('one'), vm('two'), disk('data', '5Gi'), vm('bad', { instanceType: 'u9.none' })];
  const simulated = (await send('POST', 'quota/simulate', documents)).body;
  expect(simulated.fits).toBe(false);
  expect(simulated.documents.map(({ name, result }: Record<string, string>) => [name, result])).toEqual([
    ...[
      ['one', 'fits'],
      ['two', 'refused'],
      ['data', 'fits'],
      ['bad', 'invalid'],
    ],
  ]);
  expect(simulated.documents[1].quota).toEqual({ ...NUMBERS, limit: 10, used: 8 });
  expect(simulated.totals).toContainEqual({
    ...{ scope: 'series:U', metric: 'vcpus', limit: 10, used: 4, requested: 8, remaining: 0, missing: 2 },
  });
  expect(simulated.totals).toContainEqual({
    ...{ scope: 'class:replicated', metric: 'disks', limit: 'unlimited', used: 0, requested: 1 },
    ...{ remaining: 'unlimited', missing: 0 },
  });
  expect((await send('GET', 'quota')).body.series.U.vcpus.used).toBe(4);

  const client = rpc(QuotaServiceClient);
  const text = documents
    .slice(0, 2)
    .map((one) => JSON.stringify(one))
    .join('\n---\n');
  const asked = SimulateQuotaRequest.fromPartial({ project, manifests: { $case: 'text', value: text } });
  const { reply } = await invoke(client, client.simulateQuota, asked, admin());
  expect([reply.fits, reply.documents.map(({ error }) => error?.code)]).toEqual([
    false,
    [undefined, status.RESOURCE_EXHAUSTED],
  ]);
  client.close();
});

test('who changed which limit and which thresholds were reached stand in history and among the events', async () => {
  await limit({ series: { U: { instances: 2 } } });
  for (const name of ['a', 'b']) await send('POST', 'vm-instances', vm(name));
  const { items } = (await send('GET', 'quota/history?scope=series:U&metric=instances')).body;
  expect(items).toMatchObject([
    { type: 'ThresholdReached', threshold: 100, limit: 2, used: 2, source: 'set' },
    { type: 'LimitChanged', limitBefore: 'unlimited', limit: 2, used: 0, actor: expect.stringMatching(/^user:key:/) },
  ]);
  expect((await send('GET', 'quota/history?type=ThresholdReached')).body.items).toHaveLength(1);

  const client = rpc(QuotaServiceClient);
  const type = QuotaEventType.QUOTA_EVENT_TYPE_LIMIT_CHANGED;
  const asked = ListQuotaEventsRequest.fromPartial({ project, type });
  const { reply } = await invoke(client, client.listQuotaEvents, asked, admin());
  expect(reply.events).toMatchObject([{ limitBefore: { kind: { $case: 'unlimited' } }, set: true }]);
  client.close();

  const events = await kube().send('GET', `/api/v1/namespaces/${project}/events`);
  const about = events.body.items.filter(
    ({ involvedObject }: { involvedObject: { kind: string } }) => involvedObject.kind === 'Namespace',
  );
  expect(about).toMatchObject([
    { reason: 'QuotaReached', type: 'Warning', message: 'series:U instances: 2 of 2 are used, 100 % or more.' },
  ]);
});

test('a recount reports what differs, repairs it when it is not only tried, and is for the platform alone', async () => {
  const recount = (key: string, query = '') => stage.it.send('POST', `/v1/quota/recount${query}`, { key });
  expect((await recount(stage.it.key)).status).toBe(403);
  expect((await recount(stage.it.adminKey)).body).toEqual({ differences: [], repaired: false });
});
