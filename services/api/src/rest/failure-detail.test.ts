/** The cluster's own words about a failure: for operators, and for nobody else on any face. */
import { VIEW_SCHEMAS } from '@compute/contract';
import { diskFailure } from '@compute/domain';
import { GetVmDiskRequest, VmDiskServiceClient } from '@compute/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invoke } from '../fixtures/grpc-clients.ts';
import { insecure, openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

const WORDS = 'exceeded quota: tenant-quota, requested: requests.storage=10Gi';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
  const body = { metadata: { name: 'refused' }, spec: { storage: '10Gi' } };
  await test.send('POST', '/v1/projects/demo/vm-disks', { body });
  const disk = await test.store.get('VMDisk', 'demo', 'refused');
  if (!disk) throw new Error('There is no disk.');
  const failure = diskFailure('ClusterStorageQuota', { detail: WORDS });
  await test.store.observe<'VMDisk'>({
    actor: { type: 'system', id: 'worker' },
    uid: disk.uid,
    loaded: disk,
    phase: 'Failed',
    reason: failure.code,
    message: failure.message,
    conditions: [],
    failure,
    details: { attachedTo: [], import: { phase: 'Failed', attempts: 1, startedAt: new Date().toISOString() } },
  });
});
afterAll(() => test.close());

it.each(['/v1/projects/demo/vm-disks/refused', '/v1/projects/demo/vm-disks'])(
  '%s shows them to administrators alone',
  async (path) => {
    const asTenant = await test.send('GET', path);
    expect(asTenant).toMatchObject({ status: 200 });
    expect(asTenant.text).toContain('ClusterStorageQuota');
    expect(asTenant.text).not.toContain(WORDS);
    const asAdmin = await test.send('GET', path, { key: test.adminKey });
    expect(asAdmin.text).toContain(WORDS);
  },
);

it('is given over gRPC to administrators alone', async () => {
  const disks = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  const request = GetVmDiskRequest.fromPartial({ project: 'demo', name: 'refused' });
  const asTenant = await invoke(disks, disks.getVmDisk, request, test.metadata());
  expect(asTenant.reply.status?.failure).toMatchObject({ code: 'ClusterStorageQuota' });
  expect(asTenant.reply.status?.failure?.detail).toBeUndefined();
  const asAdmin = await invoke(disks, disks.getVmDisk, request, test.metadata(test.adminKey));
  expect(asAdmin.reply.status?.failure?.detail).toBe(WORDS);
  disks.close();
});

it('is part of the documented view, and what the planner keeps for itself is not', async () => {
  const { body, text } = await test.send('GET', '/v1/projects/demo/vm-disks/refused', { key: test.adminKey });
  expect(VIEW_SCHEMAS.VMDisk.parse(body)).toMatchObject({ status: { failure: { detail: WORDS } } });
  expect(text).not.toContain('startedAt');
});

it('stands in no history and in no operation', async () => {
  for (const path of ['/v1/projects/demo/history', '/v1/operations?project=demo']) {
    const { text } = await test.send('GET', path, { key: test.adminKey });
    expect(text, path).not.toContain(WORDS);
  }
});
