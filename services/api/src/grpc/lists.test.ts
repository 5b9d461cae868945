import { CreateVmDiskRequest, GetVmDiskRequest, ListVmDisksRequest, VmDisk, VmDiskServiceClient } from '@compute/proto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detailsOf, invoke } from '../fixtures/grpc-clients.ts';
import { insecure, openTestApi, PROJECT, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
let disks: VmDiskServiceClient;
beforeAll(async () => {
  test = await openTestApi();
  disks = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  for (const name of ['beta', 'alpha']) {
    const request = { project: PROJECT, vmDisk: { metadata: { name }, spec: { storage: '1Gi' } } };
    await invoke(disks, disks.createVmDisk, CreateVmDiskRequest.fromPartial(request), test.metadata());
  }
});
afterAll(async () => {
  disks.close();
  await test.close();
});

const list = (request: Parameters<typeof ListVmDisksRequest.fromPartial>[0]) =>
  invoke(disks, disks.listVmDisks, ListVmDisksRequest.fromPartial({ project: PROJECT, ...request }), test.metadata());

it('orders, filters and reads as much as the mask names', async () => {
  const { reply } = await list({
    orderBy: 'createdAt',
    filter: 'storageClass=replicated',
    readMask: ['metadata.name', 'metadata.create_time', 'spec.storage_class', 'etag'],
  });
  expect(reply.vmDisks.map(({ metadata }) => metadata?.name)).toEqual(['beta', 'alpha']);
  const [first] = reply.vmDisks;
  expect(first?.status).toBeUndefined();
  expect(first?.metadata).toMatchObject({ uid: '', createTime: expect.any(Date) });
  expect(first?.spec).toMatchObject({ storage: '', storageClass: 'replicated' });
  expect(first?.etag).toMatch(/\.1"$/);
});

it('reads one by a mask, and everything without', async () => {
  const get = (readMask?: string[]) =>
    invoke(
      disks,
      disks.getVmDisk,
      GetVmDiskRequest.fromPartial({ project: PROJECT, name: 'beta', readMask }),
      test.metadata(),
    );
  expect((await get(['status'])).reply).toEqual(VmDisk.fromPartial({ status: (await get()).reply.status }));
});

it('refuses a path that no message has', async () => {
  const details = await detailsOf(list({ readMask: ['metadata.name', 'spec.size', 'status.import.percent'] }));
  expect(details.code).toBe(status.INVALID_ARGUMENT);
  expect(details.fields.map(({ field }) => field)).toEqual(['read_mask[1]', 'read_mask[2]']);
});

it('names what is wrong with a filter and an order at once', async () => {
  const details = await detailsOf(list({ filter: 'nope=1', orderBy: 'size', readMask: ['nope'] }));
  expect(details.fields.map(({ field }) => field)).toEqual(['filter', 'order_by', 'read_mask[0]']);
});
