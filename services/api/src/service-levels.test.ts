/** Service levels that the API measures of itself. */
import { CreateVmDiskRequest, GetVmDiskRequest, VmDiskServiceClient } from '@compute/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invoke } from './fixtures/grpc-clients.ts';
import { insecure, openTestApi, PROJECT, type TestApi } from './fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

const disk = (name: string) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMDisk',
  metadata: { name },
  spec: { storage: '1Gi' },
});
async function countOf(series: string): Promise<number> {
  const { text } = await test.send('GET', '/metrics');
  return Number(new RegExp(`^${series.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

it('the time to acceptance counts changes that were accepted, and nothing else', async () => {
  const url = `/v1/projects/${PROJECT}/vm-disks`;
  expect((await test.send('POST', url, { body: disk('one') })).status).toBe(201);
  expect((await test.send('POST', url, { body: disk('one') })).status).toBe(409);
  expect((await test.send('GET', url)).status).toBe(200);
  await expect.poll(() => countOf('compute_accept_duration_seconds_count{service="api",face="rest"}')).toBe(1);
  const client = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  const request = CreateVmDiskRequest.fromPartial({ project: PROJECT, vmDisk: disk('two') });
  await invoke(client, client.createVmDisk, request, test.metadata());
  await invoke(
    client,
    client.getVmDisk,
    GetVmDiskRequest.fromPartial({ project: PROJECT, name: 'two' }),
    test.metadata(),
  );
  client.close();
  expect(await countOf('compute_accept_duration_seconds_count{service="api",face="grpc"}')).toBe(1);
});

it('the lag of the feed is measured while somebody watches', async () => {
  const count = 'compute_feed_lag_seconds_count{service="api"}';
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${test.key}` };
  const watch = await fetch(`${test.api.restUrl}/v1/projects/${PROJECT}/watch`, { headers, signal: leaving.signal });
  const reader = watch.body?.getReader();
  await reader?.read();
  const before = await countOf(count);
  await test.send('POST', `/v1/projects/${PROJECT}/vm-disks`, { body: disk('three') });
  await expect.poll(() => countOf(count)).toBeGreaterThan(before);
  leaving.abort();
});
