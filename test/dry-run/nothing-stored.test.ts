/** Every change can be tried on every face, says what it would do, and leaves not one row anywhere. */
import { invoke, type KubectlStage, kubeClient, openKubectlStage, report, type TestApi } from '@compute/api/testing';
import { ENDPOINTS, VIEW_SCHEMAS } from '@compute/contract';
import {
  ApplyManifestsRequest,
  CancelVmDiskRequest,
  CreateApiKeyRequest,
  CreateProjectRequest,
  CreateVmInstanceRequest,
  DeleteVmInstanceRequest,
  DryRunReport,
  ManifestServiceClient,
  ProjectServiceClient,
  QuotaServiceClient,
  RevokeApiKeyRequest,
  UpdateQuotaRequest,
  UpdateVmInstanceRequest,
  VmDiskServiceClient,
  VmInstanceServiceClient,
} from '@compute/proto';
import { credentials } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let stage: KubectlStage;
let api: TestApi;
let database: pg.Client;
let keyId: string;
let webhookId: string;
beforeAll(async () => {
  stage = await openKubectlStage();
  api = stage.it;
  database = new pg.Client({ connectionString: api.config.databaseUrl });
  await database.connect();
  for (const name of ['data', 'importing'])
    await api.send('POST', '/v1/projects/demo/vm-disks', { body: { metadata: { name }, spec: { storage: '10Gi' } } });
  await api.send('POST', '/v1/projects/demo/vm-instances', { body: vm('web', { disks: ['data'] }) });
  await report(api.store, 'VMDisk', 'data', 'Ready', true);
  await report(api.store, 'VMInstance', 'web', 'Running', true);
  keyId = (await api.store.createApiKey({ name: 'kept', scopes: ['read'], project: 'demo' })).record.id;
  const hook = { project: 'demo', url: 'https://example.com/hook' };
  const made = await api.send<{ id: string }>('POST', '/v1/webhooks', { body: hook, key: api.adminKey });
  webhookId = made.body.id;
  const turn = await api.store.webhooks.turn(webhookId);
  const attempt = { messageId: 'evt_quota_42', eventType: 'quota.limit_changed', attempt: 1, delivered: true } as const;
  if (turn) await api.store.webhooks.record(turn, { ...attempt, durationMs: 1, body: '{}' }, {});
}, 60_000);
afterAll(async () => {
  await database.end();
  await stage.close();
});

const vm = (name: string, spec: object = {}) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMInstance',
  metadata: { name },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', ...spec },
});

/** How many rows each table has, and what is in them. When a key was last used is no change of anybody's. */
async function everything(): Promise<Record<string, string>> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'partitions')`,
  );
  const states: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const row = `to_jsonb(t) - 'last_used_at'`;
    const { rows } = await database.query<{ state: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg((${row})::text, '' order by (${row})::text)), '') as state from ${name} t`,
    );
    states[name] = rows[0]?.state ?? '';
  }
  return states;
}

async function leavesNothing(work: () => Promise<void>): Promise<void> {
  const before = await everything();
  expect(Object.keys(before).length).toBeGreaterThan(15);
  await work();
  expect(await everything()).toEqual(before);
}

/** Where the example of an endpoint cannot be sent to this stage as it is. */
const BODIES: Readonly<Record<string, unknown>> = {
  createApiKey: { name: 'tried', project: 'demo' },
  createWebhook: { project: 'demo', url: 'https://example.com/hook' },
  replaceVMInstance: vm('web', { disks: ['data'], running: false }),
  replaceVMDisk: { metadata: { name: 'data' }, spec: { storage: '20Gi' } },
};

function addressOf(path: string, openOperation: string): string {
  const disk = path.includes(':cancel') ? 'importing' : 'data';
  return path
    .replace('{project}', 'demo')
    .replace('{name}', path.includes('vm-instances') ? 'web' : disk)
    .replace(
      '{id}',
      path.startsWith('/v1/api-keys') ? keyId : path.startsWith('/v1/webhooks') ? webhookId : openOperation,
    );
}

describe('REST', () => {
  const triable = ENDPOINTS.filter(
    ({ method, query }) => method !== 'get' && query !== undefined && 'dryRun' in query.shape,
  );

  it('lets every change be tried', () => {
    const others = ENDPOINTS.filter(({ method, scope }) => method !== 'get' && scope !== undefined && scope !== 'read');
    const untriable = others.filter((endpoint) => !triable.includes(endpoint)).map(({ operationId }) => operationId);
    // A reader that moves its own cursor on changes nothing that others see; a simulation changes nothing at all.
    expect(untriable.filter((id) => !/Consumer|Usage|simulateQuota/.test(id))).toEqual([]);
  });

  it.each(triable.map((endpoint) => [endpoint.operationId, endpoint] as const))(
    '%s stores nothing',
    async (_id, endpoint) => {
      const open = '/v1/operations?project=demo&filter=done=false';
      const { items } = (await api.send<{ items: { id: string }[] }>('GET', open)).body;
      const sent = BODIES[endpoint.operationId] ?? endpoint.body?.example;
      const patch = endpoint.method === 'patch' ? { headers: { 'content-type': 'application/merge-patch+json' } } : {};
      const path = addressOf(endpoint.path, items[0]?.id ?? '');
      await leavesNothing(async () => {
        const reply = await api.send(endpoint.method.toUpperCase(), `${path}?dryRun=true`, {
          key: api.adminKey,
          ...patch,
          ...(sent === undefined ? {} : { body: sent }),
        });
        // A rehearsal is answered with what would be, or with the refusal of the real request; never by doing it.
        expect([200, 409, 412]).toContain(reply.status);
        expect(reply.headers.get('location')).toBeNull();
        expect(reply.headers.get('link')).toBeNull();
      });
    },
  );

  it('shows defaults, the effect on the quota and what waits for a restart', async () => {
    const created = await api.send('POST', '/v1/projects/demo/vm-instances?dryRun=true', { body: vm('tried') });
    expect(VIEW_SCHEMAS.VMInstance.parse(created.body)).toMatchObject({
      spec: { running: true, externalMethod: 'PortList' },
      dryRun: {
        outcome: 'created',
        quota: expect.arrayContaining([
          { scope: 'series:U', metric: 'memoryGib', limit: 'unlimited', before: 4, after: 8 },
          { scope: 'series:U', metric: 'vcpus', limit: 'unlimited', before: 1, after: 2 },
        ]),
      },
    });
    const edited = await api.send('PATCH', '/v1/projects/demo/vm-instances/web?dryRun=true', {
      body: { spec: { instanceProfile: 'alpine' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(edited.body).toMatchObject({
      dryRun: { outcome: 'configured', restartRequired: ['/spec/instanceProfile'], quota: [] },
    });
    const gone = await api.send('DELETE', '/v1/projects/demo/vm-instances/web?dryRun=true&withDisks=true');
    expect(gone.body).toMatchObject({
      dryRun: {
        outcome: 'deleting',
        quota: expect.arrayContaining([
          { scope: 'series:U', metric: 'instances', limit: 'unlimited', before: 1, after: 0 },
          { scope: 'class:replicated', metric: 'storageGib', limit: 'unlimited', before: 20, after: 10 },
        ]),
      },
    });
  });
});

describe('gRPC', () => {
  const connect = <C>(Client: new (address: string, creds: ReturnType<typeof credentials.createInsecure>) => C) =>
    new Client(api.api.grpcAddress, credentials.createInsecure());

  it('tries every change and says in its metadata what it would do', async () => {
    const [vms, disks, manifests] = [
      connect(VmInstanceServiceClient),
      connect(VmDiskServiceClient),
      connect(ManifestServiceClient),
    ];
    const [projects, quota] = [connect(ProjectServiceClient), connect(QuotaServiceClient)];
    const own = { project: 'demo', validateOnly: true };
    const admin = api.metadata(api.adminKey);
    const vmInstance = { metadata: { name: 'tried' }, spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu' } };
    await leavesNothing(async () => {
      const created = await invoke(
        vms,
        vms.createVmInstance,
        CreateVmInstanceRequest.fromPartial({ ...own, vmInstance }),
        admin,
      );
      const [bytes] = created.metadata?.get('dry-run-bin') ?? [];
      expect(DryRunReport.decode(bytes as Buffer)).toMatchObject({
        outcome: 'created',
        quota: expect.arrayContaining([
          { scope: 'series:U', metric: 'instances', limit: undefined, before: 1, after: 2 },
        ]),
      });
      expect(created.metadata?.get('operation')).toEqual([]);
      const change = { metadata: { name: 'web' }, spec: { running: false } };
      await invoke(
        vms,
        vms.updateVmInstance,
        UpdateVmInstanceRequest.fromPartial({ ...own, vmInstance: change }),
        admin,
      );
      await invoke(vms, vms.deleteVmInstance, DeleteVmInstanceRequest.fromPartial({ ...own, name: 'web' }), admin);
      await invoke(disks, disks.cancelVmDisk, CancelVmDiskRequest.fromPartial({ ...own, name: 'importing' }), admin);
      const text = `kind: VMDisk\napiVersion: apps.cozystack.io/v1alpha1\nmetadata: {name: tried}\nspec: {storage: 1Gi}\n`;
      const applied = await invoke(
        manifests,
        manifests.applyManifests,
        ApplyManifestsRequest.fromPartial({ ...own, manifests: { $case: 'text', value: text } }),
        admin,
      );
      expect(applied.reply.quota).toContainEqual({
        scope: 'class:replicated',
        metric: 'disks',
        before: 2,
        after: 3,
        limit: undefined,
      });
      await invoke(
        projects,
        projects.createProject,
        CreateProjectRequest.fromPartial({ name: 'tried', validateOnly: true }),
        admin,
      );
      const key = CreateApiKeyRequest.fromPartial({ name: 'tried', project: 'demo', validateOnly: true });
      expect((await invoke(projects, projects.createApiKey, key, admin)).reply.secret).toBe('');
      await invoke(
        projects,
        projects.revokeApiKey,
        RevokeApiKeyRequest.fromPartial({ id: keyId, validateOnly: true }),
        admin,
      );
      await invoke(
        quota,
        quota.updateQuota,
        UpdateQuotaRequest.fromPartial({ ...own, externalIps: { kind: { $case: 'limit', value: 3 } } }),
        admin,
      );
    });
    for (const client of [vms, disks, manifests, projects, quota]) client.close();
  });
});

describe('kubectl’s protocol', () => {
  it('tries every change and says in warnings what it would do', async () => {
    const client = kubeClient(api.api.kubeUrl ?? '', stage.ca, api.key);
    const VMS = 'namespaces/demo/vminstances';
    await leavesNothing(async () => {
      const created = await client.send('POST', `${VMS}?dryRun=All`, vm('tried'));
      expect(created.status).toBe(201);
      expect(String(created.headers.warning)).toContain('quota series:U instances: 1 -> 2 of unlimited');
      const merge = 'application/merge-patch+json';
      const patched = await client.send(
        'PATCH',
        `${VMS}/web?dryRun=All`,
        { spec: { instanceProfile: 'alpine' } },
        merge,
      );
      expect([patched.status, String(patched.headers.warning)]).toEqual([200, expect.stringContaining('started anew')]);
      expect((await client.send('DELETE', `${VMS}/web?dryRun=All`)).status).toBe(200);
      const applied = await client.send(
        'PATCH',
        `${VMS}/other?dryRun=All&fieldManager=test`,
        vm('other'),
        'application/apply-patch+yaml',
      );
      expect(applied.status).toBe(201);
    });
  });
});
