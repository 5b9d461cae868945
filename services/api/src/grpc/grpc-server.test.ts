import {
  CancelVmDiskRequest,
  CatalogueServiceClient,
  CreateVmDiskRequest,
  CreateVmInstanceRequest,
  DeleteVmInstanceRequest,
  ExternalMethod,
  GetUsageSummaryRequest,
  HistoryServiceClient,
  ListOperationsRequest,
  ListTransitionsRequest,
  ListUsageEventsRequest,
  ListVmDisksRequest,
  OperationMetadata,
  OperationsClient,
  ProjectServiceClient,
  QuotaServiceClient,
  RevokeApiKeyRequest,
  RunStrategy,
  StopVmInstanceRequest,
  UpdateQuotaRequest,
  UpdateVmInstanceRequest,
  UsageServiceClient,
  VmDiskServiceClient,
  VmInstance,
  VmInstanceServiceClient,
  VmPhase,
  WaitOperationRequest,
  WatchRequest,
  WatchServiceClient,
} from '@compute/proto';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detailsOf, invoke, messagesOf } from '../fixtures/grpc-clients.ts';
import { exampleFile, insecure, openTestApi, PROJECT, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
let vms: VmInstanceServiceClient;
let disks: VmDiskServiceClient;
const open: Client[] = [];
const connect = <C extends Client>(Type: new (address: string, security: ReturnType<typeof insecure>) => C): C => {
  const client = new Type(test.api.grpcAddress, insecure());
  open.push(client);
  return client;
};
beforeAll(async () => {
  test = await openTestApi({ STREAM_HEARTBEAT_SECONDS: '1' });
  vms = connect(VmInstanceServiceClient);
  disks = connect(VmDiskServiceClient);
});
afterAll(async () => {
  for (const client of open) client.close();
  await test.close();
});

const newVm = (name: string, spec: object = {}, request: object = {}) =>
  CreateVmInstanceRequest.fromPartial({
    project: PROJECT,
    vmInstance: { metadata: { name }, spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', ...spec } },
    ...request,
  });
const create = (request: CreateVmInstanceRequest) => invoke(vms, vms.createVmInstance, request, test.metadata());
const get = (name: string) =>
  invoke(vms, vms.getVmInstance, { project: PROJECT, name, readMask: undefined, asOf: undefined }, test.metadata());

describe('virtual machines', () => {
  it('are created with defaults, and what to wait for stands in the metadata', async () => {
    const { reply, metadata } = await create(newVm('first', { disks: [{ name: 'later' }] }));
    expect(reply).toMatchObject({
      metadata: { name: 'first', project: PROJECT, generation: 1n },
      spec: {
        running: true,
        external: false,
        externalMethod: ExternalMethod.EXTERNAL_METHOD_PORT_LIST,
        disks: [{ name: 'later' }],
      },
      status: { phase: VmPhase.VM_PHASE_PENDING, instanceType: { series: 'U', vcpu: 1, memoryGib: 4 } },
    });
    expect(metadata?.get('operation')).toEqual([expect.stringMatching(/^operations\/[0-9a-f-]{36}$/)]);
    expect(metadata?.get('warning')).toEqual([expect.stringContaining("Disk 'later' does not exist yet")]);
    expect((await get('first')).reply).toEqual(reply);
  });

  it('are the same object over REST', async () => {
    await test.send('POST', `/v1/projects/${PROJECT}/manifests`, { body: exampleFile('production-complete.yaml') });
    const rest = await test.send<{ metadata: { uid: string }; spec: Record<string, unknown>; status: object }>(
      'GET',
      `/v1/projects/${PROJECT}/vm-instances/vm-production`,
    );
    const { reply } = await get('vm-production');
    expect(reply.metadata?.uid).toBe(rest.body.metadata.uid);
    expect(`"${reply.etag.replaceAll('"', '')}"`).toBe(rest.headers.get('etag'));
    expect(reply.spec).toMatchObject({
      external: true,
      externalPorts: [22, 80, 443],
      instanceType: 'u1.2xlarge',
      disks: [{ name: 'prod-system' }, { name: 'prod-data' }],
      cloudInit: rest.body.spec.cloudInit,
      sshKeys: rest.body.spec.sshKeys,
    });
  });

  it('survive the wire with every field set', async () => {
    const spec = {
      external: true,
      externalMethod: ExternalMethod.EXTERNAL_METHOD_WHOLE_IP,
      externalPorts: [1, 65_535],
      runStrategy: RunStrategy.RUN_STRATEGY_RERUN_ON_FAILURE,
      instanceType: '',
      disks: [{ name: 'plain' }, { name: 'bussed', bus: 2 as const }],
      sshKeys: ['ssh-rsa AAAAB3Nza...'],
      cloudInit: '#cloud-config\n',
      cloudInitSeed: 'seed',
      resources: { cpu: '2', memory: '4Gi' },
    };
    const { reply } = await create(newVm('whole', spec));
    expect(reply.spec).toEqual(VmInstance.fromPartial({ spec: { ...spec, instanceProfile: 'ubuntu' } }).spec);
    const rest = await test.send('GET', `/v1/projects/${PROJECT}/vm-instances/whole`);
    expect(rest.body).toMatchObject({
      spec: { disks: ['plain', { name: 'bussed', bus: 'sata' }], runStrategy: 'RerunOnFailure' },
    });
  });

  it('are refused with every error at once, by the paths of their fields', async () => {
    const bad = newVm('BAD', { externalPorts: [0], instanceType: 'nope', externalMethod: 77 as ExternalMethod });
    const failed = await detailsOf(
      invoke(vms, vms.createVmInstance, bad, test.metadata(test.key, { 'x-request-id': 'mine' })),
    );
    expect(failed).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'INVALID_ARGUMENT', requestId: 'mine' });
    expect(failed.fields.map(({ field, reason }) => `${field} ${reason}`).sort()).toEqual([
      'vm_instance.metadata.name INVALID_NAME',
      'vm_instance.spec.external_method INVALID_VALUE',
      'vm_instance.spec.external_ports[0] OUT_OF_RANGE',
      'vm_instance.spec.instance_type UNKNOWN_INSTANCE_TYPE',
    ]);
  });

  it('are made once for one request id', async () => {
    const request = newVm('once', {}, { requestId: 'request-1' });
    const [first, second] = [await create(request), await create(request)];
    expect(second.reply).toEqual(first.reply);
    expect(second.metadata?.get('idempotency-replayed')).toEqual(['true']);
    expect(await detailsOf(create(newVm('once')))).toMatchObject({ code: status.ALREADY_EXISTS });
    expect(await detailsOf(create(newVm('twice', {}, { requestId: 'request-1' })))).toMatchObject({
      reason: 'IDEMPOTENCY_MISMATCH',
    });
  });

  it('are only checked when that is asked', async () => {
    await create(newVm('dry', {}, { validateOnly: true }));
    expect(await detailsOf(get('dry'))).toMatchObject({ code: status.NOT_FOUND, reason: 'NOT_FOUND' });
  });

  it('are changed where the mask says, and nowhere else', async () => {
    const { reply } = await create(newVm('masked', { sshKeys: ['ssh-rsa AAAAB3Nza...'] }));
    const update = (updateMask: string[] | undefined, vmInstance: object, etag = '') =>
      invoke(
        vms,
        vms.updateVmInstance,
        UpdateVmInstanceRequest.fromPartial({
          project: PROJECT,
          vmInstance: { metadata: { name: 'masked' }, ...vmInstance, etag },
          ...(updateMask ? { updateMask } : {}),
        }),
        test.metadata(),
      );
    const one = await update(['spec.running', 'spec.ssh_keys'], { spec: { running: false, instanceType: 'ignored' } });
    expect(one.reply.spec).toMatchObject({ running: false, sshKeys: [], instanceType: 'u1.medium' });
    const two = await update(undefined, { spec: { instanceType: 'u1.large' } });
    expect(two.reply.spec).toMatchObject({ running: false, instanceType: 'u1.large', instanceProfile: 'ubuntu' });
    const three = await update(['metadata.labels'], { metadata: { name: 'masked', labels: { a: '1' } } });
    expect(three.reply.metadata?.labels).toEqual({ a: '1' });
    expect(await detailsOf(update(['spec.nonsense'], {}))).toMatchObject({
      fields: [{ field: 'vm_instance.update_mask' }],
    });
    expect(await detailsOf(update(['spec.running'], { spec: { running: true } }, reply.etag))).toMatchObject({
      code: status.ABORTED,
      reason: 'PRECONDITION_FAILED',
    });
  });

  it('are started, stopped and deleted', async () => {
    await create(newVm('power'));
    const request = StopVmInstanceRequest.fromPartial({ project: PROJECT, name: 'power' });
    expect((await invoke(vms, vms.stopVmInstance, request, test.metadata())).reply.spec?.running).toBe(false);
    expect((await invoke(vms, vms.startVmInstance, request, test.metadata())).reply.spec?.running).toBe(true);
    const deletion = DeleteVmInstanceRequest.fromPartial({ project: PROJECT, name: 'power' });
    expect((await invoke(vms, vms.deleteVmInstance, deletion, test.metadata())).reply.status?.phase).toBe(
      VmPhase.VM_PHASE_DELETING,
    );
  });
});

describe('access', () => {
  it('needs a key, of the right project', async () => {
    const request = { project: PROJECT, name: 'x', readMask: undefined, asOf: undefined };
    await test.store.createProject('elsewhere');
    const foreign = await test.newKey(['write'], 'elsewhere');
    expect(await detailsOf(invoke(vms, vms.getVmInstance, request, test.metadata('vmk_nonsense')))).toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    expect(await detailsOf(invoke(vms, vms.getVmInstance, request, test.metadata(foreign)))).toMatchObject({
      code: status.NOT_FOUND,
    });
    const reader = await test.newKey(['read'], PROJECT);
    expect(await detailsOf(invoke(vms, vms.createVmInstance, newVm('x'), test.metadata(reader)))).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });

  it('makes projects and keys, and revokes them', async () => {
    const projects = connect(ProjectServiceClient);
    const admin = test.metadata(test.adminKey);
    expect(
      (await invoke(projects, projects.createProject, { name: 'over-grpc', validateOnly: false }, admin)).reply,
    ).toMatchObject({
      name: 'over-grpc',
    });
    const request = { project: 'over-grpc', name: 'k', scopes: ['read'], expireTime: undefined, validateOnly: false };
    const { reply } = await invoke(projects, projects.createApiKey, request, admin);
    expect(
      (await invoke(projects, projects.getProject, { name: 'over-grpc' }, test.metadata(reply.secret))).reply.name,
    ).toBe('over-grpc');
    const revoked = await invoke(
      projects,
      projects.revokeApiKey,
      RevokeApiKeyRequest.fromPartial({ id: reply.apiKey?.id ?? '' }),
      admin,
    );
    expect(revoked.reply.revokeTime).toBeInstanceOf(Date);
  });
});

describe('quota', () => {
  it('is written, refuses with the numbers, and is read', async () => {
    const quotas = connect(QuotaServiceClient);
    const project = (await test.store.createProject('limited')).name;
    const key = test.metadata(test.adminKey);
    const limits = UpdateQuotaRequest.fromPartial({
      project,
      storage: { local: { storageGib: { kind: { $case: 'limit', value: 10 } } } },
      externalIps: { kind: { $case: 'unlimited', value: true } },
    });
    await invoke(quotas, quotas.updateQuota, limits, key);
    const disk = CreateVmDiskRequest.fromPartial({
      project,
      vmDisk: { metadata: { name: 'big' }, spec: { storage: '11Gi', storageClass: 'local' } },
    });
    const failed = await detailsOf(invoke(disks, disks.createVmDisk, disk, key));
    expect(failed).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: 'QUOTA_EXCEEDED',
      metadata: {
        metric: 'storageGib',
        scope: 'class:local',
        limit: '10',
        used: '0',
        requested: '11',
        remaining: '10',
      },
    });
    expect(failed.quota?.violations).toMatchObject([
      { subject: 'class:local', quotaMetric: 'storageGib', quotaValue: 10n },
    ]);
    const { reply } = await invoke(quotas, quotas.getQuota, { project }, key);
    expect(reply.storage.local?.storageGib).toMatchObject({ limit: 10, used: 0, remaining: 10 });
    expect(reply.externalIps?.limit).toBeUndefined();
  });
});

describe('watch', () => {
  it('resumes without gap and says that it lives', async () => {
    const watch = connect(WatchServiceClient);
    const project = (await test.store.createProject('watched')).name;
    const make = (name: string) =>
      invoke(
        disks,
        disks.createVmDisk,
        CreateVmDiskRequest.fromPartial({ project, vmDisk: { metadata: { name }, spec: { storage: '1Gi' } } }),
        test.metadata(test.adminKey),
      );
    const start = (resumeToken = '') => {
      const stream = watch.watch(WatchRequest.fromPartial({ project, resumeToken }), test.metadata(test.adminKey));
      stream.on('error', () => undefined);
      return { stream, next: messagesOf(stream) };
    };
    await make('a');
    const first = start();
    const nameOf = (message: Awaited<ReturnType<typeof first.next>>) => message?.resource?.value.metadata?.name;
    expect(nameOf(await first.next())).toBe('a');
    const bookmark = await first.next();
    expect(bookmark?.resource).toBeUndefined();
    await make('b');
    const told = await first.next();
    expect(nameOf(told)).toBe('b');
    const heartbeat = await first.next();
    expect(heartbeat).toMatchObject({ resource: undefined, resumeToken: told?.resumeToken });
    first.stream.cancel();
    await make('c');
    const second = start(told?.resumeToken);
    expect(nameOf(await second.next())).toBe('c');
    second.stream.cancel();
    const lost = start('99999999999');
    await expect(lost.next()).rejects.toMatchObject({ code: status.OUT_OF_RANGE });
  });

  it('ends when the key is revoked that opened it', async () => {
    const key = await test.newKey(['read'], PROJECT);
    const watch = connect(WatchServiceClient);
    const next = messagesOf(watch.watch(WatchRequest.fromPartial({ project: PROJECT }), test.metadata(key)));
    await next();
    await test.store.revokeApiKey(key.split('_')[1] ?? '');
    const drain = async (): Promise<void> => {
      while (await next());
    };
    await expect(drain()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('ends when its deadline has passed, and leaves no stream behind', async () => {
    const watch = connect(WatchServiceClient);
    const stream = watch.watch(WatchRequest.fromPartial({ project: PROJECT, resumeToken: '0' }), test.metadata(), {
      deadline: Date.now() + 300,
    });
    const next = messagesOf(stream);
    const drain = async (): Promise<void> => {
      while (await next());
    };
    await expect(drain()).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await expect
      .poll(async () => (await test.send('GET', '/metrics', { key: '' })).text)
      .toMatch(/compute_watchers\{[^}]*face="grpc"[^}]*\} 0\n/);
  });
});

describe('the rest of the contract', () => {
  it('waits for operations as google.longrunning does', async () => {
    const operations = connect(OperationsClient);
    const { metadata } = await create(newVm('waited'));
    const name = String(metadata?.get('operation')[0]);
    const { reply } = await invoke(
      operations,
      operations.waitOperation,
      WaitOperationRequest.fromPartial({ name, timeout: { seconds: 0n, nanos: 1_000_000 } }),
      test.metadata(),
    );
    expect(reply).toMatchObject({ name, done: false });
    expect(OperationMetadata.decode(reply.metadata?.value ?? new Uint8Array())).toMatchObject({
      kind: 'VMInstance',
      name: 'waited',
      verb: 'create',
    });
    const cancelled = invoke(operations, operations.cancelOperation, { name }, test.metadata());
    await expect(cancelled).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    const deleted = invoke(operations, operations.deleteOperation, { name }, test.metadata());
    await expect(deleted).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    const nothing = invoke(operations, operations.deleteOperation, { name: 'operations/none' }, test.metadata());
    await expect(nothing).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('cancels an import by its operation, and lists what a filter selects', async () => {
    const operations = connect(OperationsClient);
    const vmDisk = { metadata: { name: 'z-given-up' }, spec: { storage: '1Gi' } };
    const made = await invoke(
      disks,
      disks.createVmDisk,
      CreateVmDiskRequest.fromPartial({ project: PROJECT, vmDisk }),
      test.metadata(),
    );
    const name = String(made.metadata?.get('operation')[0]);
    await invoke(operations, operations.cancelOperation, { name }, test.metadata());
    const again = { project: PROJECT, name: 'z-given-up' };
    await invoke(disks, disks.cancelVmDisk, CancelVmDiskRequest.fromPartial(again), test.metadata());
    const asked = ListOperationsRequest.fromPartial({ name: `projects/${PROJECT}`, filter: 'name=z-given-up' });
    const { reply } = await invoke(operations, operations.listOperations, asked, test.metadata());
    const verbs = reply.operations.map(
      ({ metadata }) => OperationMetadata.decode(metadata?.value ?? new Uint8Array()).verb,
    );
    expect(verbs).toEqual(['cancel', 'create']);
    const one = await invoke(operations, operations.getOperation, { name }, test.metadata());
    expect(OperationMetadata.decode(one.reply.metadata?.value ?? new Uint8Array())).toMatchObject({
      progress: { phase: 'Pending' },
      steps: [{ type: 'Phase', to: 'Pending' }],
    });
  });

  it('lists the catalogue, history, usage and pages of disks', async () => {
    const catalogue = connect(CatalogueServiceClient);
    const history = connect(HistoryServiceClient);
    const usage = connect(UsageServiceClient);
    expect(
      (await invoke(catalogue, catalogue.listInstanceTypes, { pageSize: 0, pageToken: '' }, test.metadata())).reply
        .instanceTypes,
    ).toHaveLength(20);
    const asked = ListTransitionsRequest.fromPartial({ project: PROJECT, kind: 'VMInstance', name: 'first' });
    expect((await invoke(history, history.listTransitions, asked, test.metadata())).reply.transitions).toMatchObject([
      { type: 'Phase', to: 'Pending' },
    ]);
    expect(
      (await invoke(usage, usage.listUsageEvents, ListUsageEventsRequest.fromPartial({}), test.metadata())).reply
        .events,
    ).toEqual([]);
    const summary = GetUsageSummaryRequest.fromPartial({ project: PROJECT, groupBy: ['resource'] });
    expect((await invoke(usage, usage.getUsageSummary, summary, test.metadata())).reply.project).toBe(PROJECT);
    const page = ListVmDisksRequest.fromPartial({ project: PROJECT, pageSize: 1 });
    const first = (await invoke(disks, disks.listVmDisks, page, test.metadata())).reply;
    const second = (
      await invoke(disks, disks.listVmDisks, { ...page, pageToken: first.nextPageToken }, test.metadata())
    ).reply;
    expect([...first.vmDisks, ...second.vmDisks].map(({ metadata }) => metadata?.name)).toEqual([
      'prod-data',
      'prod-system',
    ]);
  });

  it.each(['', 'compute.v1.VmDiskService'])('answers health checks of %j', async (service) => {
    const client = new Client(test.api.grpcAddress, insecure());
    open.push(client);
    const { Check } = health;
    const answer = await new Promise((resolve, reject) => {
      const serialize = Check?.requestSerialize as (value: object) => Buffer;
      const deserialize = Check?.responseDeserialize as (bytes: Buffer) => object;
      client.makeUnaryRequest(
        Check?.path ?? '',
        serialize,
        deserialize,
        { service },
        (error: ServiceError | null, value?: object) => (error ? reject(error) : resolve(value)),
      );
    });
    expect(answer).toMatchObject({ status: 'SERVING' });
  });
});
