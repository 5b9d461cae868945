/** What a caller meets who asks too much, on each face. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '@compute/kube-wire';
import {
  GetVmDiskRequest,
  RetryInfo,
  Status,
  VmDiskServiceClient,
  WatchRequest,
  WatchServiceClient,
} from '@compute/proto';
import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEvents } from './fixtures/event-source.ts';
import { invoke, messagesOf } from './fixtures/grpc-clients.ts';
import { kubeClient } from './fixtures/kube-client.ts';
import { insecure, openTestApi, type TestApi } from './fixtures/open-test-api.ts';

let test: TestApi;
let folder: string;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rates-'));
  const certificate = selfSignedCertificate(['127.0.0.1']);
  ca = certificate.ca;
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await Promise.all([writeFile(certFile, certificate.cert), writeFile(keyFile, certificate.key, { mode: 0o600 })]);
  test = await openTestApi({
    ...{ RATE_LIMIT_READS: '3', RATE_LIMIT_WRITES: '1', RATE_LIMIT_WATCHES: '100', MAX_STREAMS_PER_CALLER: '2' },
    ...{ KUBE_PORT: '0', KUBE_TLS_CERT_FILE: certFile, KUBE_TLS_KEY_FILE: keyFile, RATE_LIMIT_FAILED_KEYS: '4' },
  });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

it('REST tells what is left with every answer, and refuses one too many with 429', async () => {
  const key = await test.newKey(['read', 'write'], 'demo');
  const first = await test.send('GET', '/v1/instance-types', { key });
  expect([first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
    '"read";q=3;w=60',
    '"read";r=2;t=20',
  ]);
  await test.send('GET', '/v1/projects', { key });
  await test.send('GET', '/v1/usage/events', { key });
  const refused = await test.send('GET', '/v1/projects', { key });
  expect(refused).toMatchObject({ status: 429, body: { code: 'RateLimited', type: '/errors/RateLimited' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(10);
  expect(refused.headers.get('ratelimit')).toMatch(/^"read";r=0;t=(59|60)$/);
  const write = await test.send('POST', '/v1/projects/demo/manifests', { key, body: 'nothing: good' });
  expect([write.status, write.headers.get('ratelimit')]).toEqual([422, '"write";r=0;t=60']);
  expect((await test.send('POST', '/v1/projects/demo/manifests', { key, body: 'nothing: good' })).status).toBe(429);
  expect((await test.send('GET', '/healthz', { key })).headers.get('ratelimit')).toBeNull();
});

it('gRPC answers RESOURCE_EXHAUSTED with when to come again', async () => {
  const metadata = test.metadata(await test.newKey(['read'], 'demo'));
  const client = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  const ask = () =>
    invoke(client, client.getVmDisk, GetVmDiskRequest.fromPartial({ project: 'demo', name: 'x' }), metadata);
  for (let n = 0; n < 3; n += 1) await expect(ask()).rejects.toMatchObject({ code: status.NOT_FOUND });
  const error = await ask().then(
    () => expect.unreachable(),
    (thrown: ServiceError) => thrown,
  );
  expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  const details = Status.decode(error.metadata.get('grpc-status-details-bin')[0] as Buffer).details;
  const retry = details.find(({ typeUrl }) => typeUrl.endsWith('google.rpc.RetryInfo'));
  expect(Number(RetryInfo.decode(retry?.value ?? new Uint8Array()).retryDelay?.seconds)).toBeGreaterThan(10);
  client.close();
});

it('kubectl’s face answers a Status of 429 with Retry-After', async () => {
  const client = kubeClient(test.api.kubeUrl ?? '', ca, await test.newKey(['read'], 'demo'));
  for (let n = 0; n < 3; n += 1) await client.send('GET', 'namespaces/demo/vmdisks');
  const refused = await client.send('GET', 'namespaces/demo/vmdisks');
  expect(refused).toMatchObject({ status: 429, body: { kind: 'Status', reason: 'TooManyRequests', code: 429 } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(10);
});

it('streams of one caller are counted over all faces, and one that closes makes room', async () => {
  const key = await test.newKey(['read'], 'demo');
  const headers = { authorization: `Bearer ${key}` };
  const url = `${test.api.restUrl}/v1/projects/demo/watch`;
  const first = await openEvents(url, headers);
  const kube = await kubeClient(test.api.kubeUrl ?? '', ca, key).watch('namespaces/demo/vmdisks');
  const refused = await test.send('GET', '/v1/projects/demo/watch', { key });
  expect(refused).toMatchObject({ status: 429, body: { detail: expect.stringMatching(/At most 2 streams/) } });
  const client = new WatchServiceClient(test.api.grpcAddress, insecure());
  const next = messagesOf(client.watch(WatchRequest.fromPartial({ project: 'demo' }), test.metadata(key)));
  await expect(next()).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  client.close();
  first.close();
  kube.close();
  await expect.poll(async () => (await openEvents(url, headers)).status, { interval: 100 }).toBe(200);
});

it('an address that sends keys that open nothing has to wait, on every face', async () => {
  const known = await test.newKey(['read', 'write'], 'demo');
  expect((await test.send('GET', '/v1/projects', { key: known })).status).toBe(200);
  const guess = (n: number) => test.send('GET', '/v1/projects', { key: `vmk_${`${n}`.repeat(16)}_${'0'.repeat(64)}` });
  for (let n = 0; n < 4; n += 1) expect((await guess(n)).status).toBe(401);
  expect(await guess(5)).toMatchObject({ status: 429, body: { code: 'RateLimited' } });
  const kube = kubeClient(test.api.kubeUrl ?? '', ca, 'made-up');
  expect((await kube.send('GET', 'namespaces/demo/vmdisks')).status).toBe(429);
  const client = new VmDiskServiceClient(test.api.grpcAddress, insecure());
  const call = invoke(client, client.getVmDisk, GetVmDiskRequest.fromPartial({}), test.metadata('made-up'));
  await expect(call).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  client.close();
  expect((await test.send('GET', '/v1/projects', { key: known })).status).toBe(200);
});

it('what was refused is counted by face', async () => {
  const { text } = await test.send('GET', '/metrics');
  const refused = (face: string) =>
    Number(new RegExp(`^compute_requests_rate_limited_total\\{face="${face}"[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1]);
  for (const face of ['rest', 'grpc', 'kube']) expect(refused(face), face).toBeGreaterThan(0);
  expect(text).not.toContain('face="none"');
});
