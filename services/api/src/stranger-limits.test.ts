/** What a stranger can send at most, each with its answer; and certificates. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectHttp2, constants } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '@compute/kube-wire';
import {
  CatalogueServiceClient,
  CreateVmDiskRequest,
  ListInstanceTypesRequest,
  VmDiskServiceClient,
  WatchRequest,
  WatchServiceClient,
} from '@compute/proto';
import { credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateFiles } from './certificate-files.ts';
import { invoke } from './fixtures/grpc-clients.ts';
import { kubeClient } from './fixtures/kube-client.ts';
import { insecure, openTestApi, type TestApi } from './fixtures/open-test-api.ts';

let test: TestApi;
let folder: string;
let ca: string;
let files: { readonly certFile: string; readonly keyFile: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-'));
  files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  ca = await renew();
  test = await openTestApi({
    ...{ MAX_WEBHOOKS_PER_PROJECT: '2', MAX_CONSUMERS_PER_PROJECT: '2' },
    ...{ REQUEST_TIMEOUT_SECONDS: '2', GRPC_MAX_CONCURRENT_STREAMS: '3', STREAM_HEARTBEAT_SECONDS: '1' },
    ...{ KUBE_PORT: '0', KUBE_TLS_CERT_FILE: files.certFile, KUBE_TLS_KEY_FILE: files.keyFile },
  });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

/** Writes a new certificate and gives its authority. */
async function renew(): Promise<string> {
  const { cert, key, ca: authority } = selfSignedCertificate(['127.0.0.1']);
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key, { mode: 0o600 })]);
  return authority;
}

const MANIFESTS = '/v1/projects/demo/manifests';
const DISKS = '/v1/projects/demo/vm-disks';
const post = (path: string, body: string, type: string) =>
  test.send('POST', path, { body, headers: { 'content-type': type } });

describe('REST refuses', () => {
  it('a body of more than 2 MiB', async () => {
    expect(await post(MANIFESTS, 'x'.repeat(2 * 1024 * 1024 + 1), 'application/yaml')).toMatchObject({
      status: 413,
      body: { code: 'PayloadTooLarge' },
    });
  });

  it('JSON that nests too deeply', async () => {
    const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`;
    expect(await post(DISKS, deep, 'application/json')).toMatchObject({
      status: 422,
      body: { errors: [{ code: 'too_deep' }] },
    });
    expect((await post(DISKS, '['.repeat(1_000_000), 'application/json')).status).toBe(400);
  });

  it('the same key twice, with its pointer, and stores neither', async () => {
    const twice = '{"metadata":{"name":"twice"},"spec":{"storage":"1Gi","storage":"500Gi"}}';
    expect(await post(DISKS, twice, 'application/json')).toMatchObject({
      status: 422,
      body: { code: 'InvalidArgument', errors: [{ pointer: '/spec/storage', code: 'duplicate' }] },
    });
    const yaml = 'metadata: {name: twice}\nspec:\n  storage: 1Gi\n  storage: 500Gi\n';
    expect(await post(DISKS, yaml, 'application/yaml')).toMatchObject({
      status: 422,
      body: { errors: [{ detail: expect.stringMatching(/Line 4.*twice/) }] },
    });
    expect((await test.send('GET', `${DISKS}/twice`)).status).toBe(404);
    expect(
      (await post('/v1/projects/demo/quota', '{"externalIps":1,"externalIps":2}', 'application/json')).status,
    ).toBe(405);
  });

  it.each([
    ['too many documents', 'a: 1\n---\n'.repeat(600), /At most 500 documents/],
    ['aliases that multiply', bomb(), /[Aa]liases/],
    ['nesting', `${'['.repeat(200)}${']'.repeat(200)}`, /nested too deeply|deeper/i],
  ])('YAML with %s', async (_what, body, detail) => {
    const reply = await post(MANIFESTS, body, 'application/yaml');
    expect(reply.status).toBe(422);
    expect(reply.text).toMatch(detail);
  });

  it('a page size that is no number; a large one is clamped', async () => {
    expect((await test.send('GET', `${DISKS}?pageSize=-1`)).status).toBe(422);
    expect((await test.send('GET', `${DISKS}?pageSize=1000000`)).status).toBe(200);
  });

  it('a header of more than 16 KiB, in words', async () => {
    const answer = await raw(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"PayloadTooLarge"');
  });

  it('what is no HTTP', async () => {
    expect(await raw('SSH-2.0-OpenSSH_9.9\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*"code":"InvalidArgument"/s);
  });

  it.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 6\r\n', 'hello!'],
    ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\nGET /x'],
    ['chunks that are not the last encoding', 'transfer-encoding: chunked, gzip\r\n', '0\r\n\r\n'],
    ['a blank before the colon', 'content-length : 5\r\n', 'hello'],
    ['a length that is no number', 'content-length: +5\r\n', 'hello'],
    ['a header over two lines', 'x-a: b\r\n c: d\r\n', ''],
  ])('what proxies read differently: %s', async (_what, headers, body) => {
    const answer = await raw(`POST /v1/projects HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"code":"InvalidArgument"/s);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('text that is not UTF-8', async () => {
    const name = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const answer = await fetch(`${test.api.restUrl}/v1/projects`, {
      ...{ method: 'POST', body: name },
      headers: { authorization: `Bearer ${test.adminKey}`, 'content-type': 'application/json' },
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ detail: 'The body is not UTF-8.' }),
    ]);
  });

  it('more webhooks and readers of usage than a project may have', async () => {
    const admin = await test.newKey(['admin'], 'demo');
    const hook = () => test.send('POST', '/v1/webhooks', { body: { url: 'https://example.com/hook' }, key: admin });
    expect([(await hook()).status, (await hook()).status]).toEqual([201, 201]);
    expect(await hook()).toMatchObject({ status: 403, body: { code: 'QuotaExceeded', detail: /at most 2 webhooks/ } });
    const { cursor } = await firstCursor(admin);
    const read = (name: string) =>
      test.send('POST', `/v1/usage/consumers/${name}:ack?project=demo`, { body: { cursor }, key: admin });
    expect([(await read('a')).status, (await read('b')).status, (await read('a')).status]).toEqual([200, 200, 200]);
    expect(await read('c')).toMatchObject({ status: 403, body: { code: 'QuotaExceeded' } });
  });

  it('clients that take too long over a header or a body', async () => {
    const [header, body] = await Promise.all([
      raw('GET /healthz HTTP/1.1\r\nhost: x\r\n'),
      raw('POST /v1/projects HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'),
    ]);
    expect(header).toMatch(/^HTTP\/1\.1 408 .*"code":"DeadlineExceeded"/s);
    expect(body).toMatch(/^HTTP\/1\.1 408 /);
  });
});

/** Where the feed of usage begins. */
async function firstCursor(key: string): Promise<{ cursor: string }> {
  const { body } = await test.send<{ nextCursor: string }>('GET', '/v1/usage/events?project=demo', { key });
  return { cursor: body.nextCursor };
}

/** Everything that comes back until the server closes. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(test.api.restUrl);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setTimeout(10_000, () => socket.destroy(new Error('nobody answered')));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** Nine levels of nine aliases. */
function bomb(): string {
  const names = [...'abcdefghi'];
  const lines = names.map(
    (name, n) =>
      `${name}: &${name} [${
        n === 0
          ? 'x'
          : Array(9)
              .fill(`*${names[n - 1]}`)
              .join(',')
      }]`,
  );
  return `${lines.join('\n')}\n`;
}

describe('gRPC refuses', () => {
  it('a message of more than 2 MiB', async () => {
    const client = new VmDiskServiceClient(test.api.grpcAddress, insecure());
    const large = CreateVmDiskRequest.fromPartial({ project: 'demo', requestId: 'x'.repeat(2 * 1024 * 1024) });
    await expect(invoke(client, client.createVmDisk, large, test.metadata())).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    client.close();
  });

  it('calls beyond those that a connection may have under way: they wait for room', async () => {
    const client = new WatchServiceClient(test.api.grpcAddress, insecure());
    const streams = [0, 1, 2].map(() => client.watch(WatchRequest.fromPartial({ project: 'demo' }), test.metadata()));
    for (const stream of streams) stream.on('error', () => undefined);
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('data', resolve))));
    const fourth = client.watch(WatchRequest.fromPartial({ project: 'demo' }), test.metadata(), {
      deadline: Date.now() + 700,
    });
    const ended = new Promise((resolve) => fourth.on('error', resolve));
    expect(await ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    for (const stream of streams) stream.cancel();
    client.close();
  });
});

it('gRPC closes a connection that begins and resets calls without end', async () => {
  const session = connectHttp2(`http://${test.api.grpcAddress}`);
  const goneAway = new Promise<number>((resolve) => session.once('goaway', resolve));
  session.on('error', () => undefined);
  const flood = setInterval(() => {
    for (let n = 0; n < 200 && !session.closed && !session.destroyed; n += 1) {
      const stream = session.request({ ':method': 'POST', ':path': '/compute.v1.WatchService/Watch' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }, 10);
  expect([constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_ENHANCE_YOUR_CALM]).toContain(await goneAway);
  clearInterval(flood);
  session.destroy();
  const client = new CatalogueServiceClient(test.api.grpcAddress, insecure());
  const others = invoke(client, client.listInstanceTypes, ListInstanceTypesRequest.fromPartial({}), test.metadata());
  expect((await others).reply.instanceTypes.length).toBeGreaterThan(0);
  client.close();
});

describe('certificates', () => {
  it('serve REST and gRPC; without one of its authorities a client of gRPC stays outside', async () => {
    const clientSide = selfSignedCertificate(['client']);
    const caFile = join(folder, 'clients.crt');
    await writeFile(caFile, clientSide.ca);
    const secure = await openTestApi({
      ...{ TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile, GRPC_CLIENT_CA_FILE: caFile },
    });
    expect(secure.api.restUrl).toMatch(/^https:/);
    expect(await statusOver(secure.api.restUrl, ca)).toBe(200);
    const ask = (own?: { cert: string; key: string }) => {
      const pair = own ? ([Buffer.from(own.key), Buffer.from(own.cert)] as const) : ([null, null] as const);
      const client = new CatalogueServiceClient(
        secure.api.grpcAddress,
        credentials.createSsl(Buffer.from(ca), ...pair),
      );
      return invoke(
        client,
        client.listInstanceTypes,
        ListInstanceTypesRequest.fromPartial({}),
        secure.metadata(),
      ).finally(() => client.close());
    };
    expect((await ask(clientSide)).reply.instanceTypes.length).toBeGreaterThan(0);
    await expect(ask()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await secure.close();
  });

  it('are read again when their files change, and a pair that does not fit is not used', async () => {
    const failures: unknown[] = [];
    const watched = await CertificateFiles.open(files, (error) => failures.push(error), 20);
    const before = watched.material.cert;
    const renewed = new Promise<string>((resolve) => watched.onChange(({ cert }) => resolve(cert)));
    await writeFile(files.keyFile, selfSignedCertificate(['127.0.0.1']).key);
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    expect(watched.material.cert).toBe(before);
    const authority = await renew();
    expect(await renewed).not.toBe(before);
    watched.close();
    const kube = kubeClient(test.api.kubeUrl ?? '', authority, test.key);
    const answers = () =>
      kube.send('GET', 'namespaces/demo/vmdisks').then(
        ({ status: code }) => code,
        () => 0,
      );
    await expect.poll(answers, { timeout: 10_000, interval: 200 }).toBe(200);
  });
});

function statusOver(url: string, authority: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${url}/healthz`, { ca: authority, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
