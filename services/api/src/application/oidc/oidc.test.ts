import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '@compute/kube-wire';
import { ListVmDisksRequest, VmDiskServiceClient, WatchRequest, WatchServiceClient } from '@compute/proto';
import { ConfigurationError } from '@compute/runtime';
import { status } from '@grpc/grpc-js';
import { exportSPKI, importJWK, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invoke, messagesOf } from '../../fixtures/grpc-clients.ts';
import { type KubeClient, kubeClient } from '../../fixtures/kube-client.ts';
import { AUDIENCE, type OidcIssuer, openOidcIssuer, rights } from '../../fixtures/oidc-issuer.ts';
import { insecure, openTestApi, type TestApi } from '../../fixtures/open-test-api.ts';

let issuer: OidcIssuer;
let test: TestApi;
let folder: string;
let kubeFor: (token: string) => KubeClient;
beforeAll(async () => {
  issuer = await openOidcIssuer();
  folder = await mkdtemp(join(tmpdir(), 'oidc-'));
  const { cert, key, ca } = selfSignedCertificate(['127.0.0.1']);
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
  test = await openTestApi({
    ...{ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, STREAM_HEARTBEAT_SECONDS: '30' },
    ...{ KUBE_PORT: '0', KUBE_TLS_CERT_FILE: certFile, KUBE_TLS_KEY_FILE: keyFile },
  });
  await test.store.createProject('other');
  kubeFor = (token) => kubeClient(test.api.kubeUrl ?? '', ca, token);
});
afterAll(async () => {
  await test.close();
  await issuer.close();
  await rm(folder, { recursive: true });
});

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const read = (token: string, path = '/v1/projects/demo/vm-disks') => test.send('GET', path, { key: token });
const disks = () => new VmDiskServiceClient(test.api.grpcAddress, insecure());

describe('a token of the issuer', () => {
  it('opens its project on every face, as its subject', async () => {
    const token = await issuer.token();
    const disk = {
      metadata: { name: 'by-token' },
      spec: { storage: '1Gi', source: { http: { url: 'https://example.org/x' } } },
    };
    const made = await test.send('POST', '/v1/projects/demo/vm-disks', { key: token, body: disk });
    expect(made.status, made.text).toBe(201);
    const client = disks();
    const list = await invoke(
      client,
      client.listVmDisks,
      ListVmDisksRequest.fromPartial({ project: 'demo' }),
      test.metadata(token),
    );
    expect(list.reply.vmDisks).toHaveLength(1);
    client.close();
    expect((await kubeFor(token).send('GET', 'namespaces/demo/vmdisks/by-token')).status).toBe(200);
    const { items } = await test.store.audit({ project: 'demo', limit: 1 });
    expect(items).toMatchObject([
      { actor: 'user:oidc:alice', verb: 'create', name: 'by-token', face: 'rest', address: '127.0.0.1' },
    ]);
  });

  it('finds no other project, and none that does not exist', async () => {
    expect((await read(await issuer.token(), '/v1/projects/other/vm-disks')).status).toBe(404);
    const nowhere = await issuer.token(rights('nowhere', 'read write'));
    expect((await read(nowhere, '/v1/projects/nowhere/vm-disks')).status).toBe(404);
    expect((await read(nowhere, '/v1/projects/nowhere/quota')).status).toBe(404);
  });

  it('may do what its scopes say, and everything everywhere with a star and admin', async () => {
    const reader = await issuer.token(rights('demo', 'read'));
    expect((await test.send('DELETE', '/v1/projects/demo/vm-disks/x', { key: reader })).body).toMatchObject({
      code: 'PermissionDenied',
    });
    const root = await issuer.token(rights('*', 'admin'));
    expect((await test.send('POST', '/v1/projects', { key: root, body: { name: 'by-root' } })).status).toBe(201);
    expect((await read(root, '/v1/projects/by-root/vm-disks')).status).toBe(200);
  });

  it.each([
    ['project', { compute_project: undefined }, /names no project/],
    ['scope', { scope: 'openid' }, /none of the scopes compute:read/],
  ])('without a %s is refused with the reason', async (_what, claims, detail) => {
    const reply = await read(await issuer.token(claims));
    expect(reply).toMatchObject({
      status: 403,
      body: { code: 'PermissionDenied', detail: expect.stringMatching(detail) },
    });
  });
});

describe('a token is refused', () => {
  it.each([
    ['for another audience', { aud: 'somebody-else' }, /aud/],
    ['without an audience', { aud: undefined }, /aud/],
    ['of another issuer', { iss: 'https://other.example' }, /iss/],
    ['when it has expired', { exp: nowSeconds() - 60 }, /expired/],
    ['without an end', { exp: undefined }, /exp/],
    ['before its time', { nbf: nowSeconds() + 120 }, /not valid yet/],
    ['without a subject', { sub: undefined }, /sub/],
    ['whose subject cannot stand in a log', { sub: 'a\nb' }, /sub/],
  ])('%s', async (_why, claims, detail) => {
    const reply = await read(await issuer.token(claims));
    expect(reply).toMatchObject({
      status: 401,
      body: { code: 'Unauthenticated', detail: expect.stringMatching(detail) },
    });
  });

  it('within the tolerance of the clocks it is not', async () => {
    expect((await read(await issuer.token({ exp: nowSeconds() - 5 }))).status).toBe(200);
    expect((await read(await issuer.token({ nbf: nowSeconds() + 5 }))).status).toBe(200);
  });

  it('without a signature (alg none), also on the other faces', async () => {
    const token = new UnsecuredJWT({
      iss: issuer.url,
      aud: AUDIENCE,
      sub: 'alice',
      exp: nowSeconds() + 60,
      ...rights('*', 'admin'),
    }).encode();
    expect((await read(token)).status).toBe(401);
    expect((await kubeFor(token).send('GET', 'namespaces/demo/vmdisks')).status).toBe(401);
    const client = disks();
    const call = invoke(
      client,
      client.listVmDisks,
      ListVmDisksRequest.fromPartial({ project: 'demo' }),
      test.metadata(token),
    );
    await expect(call).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    client.close();
  });

  it('with the public key as a shared secret (HS256)', async () => {
    const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'alice', exp: nowSeconds() + 60, ...rights('*', 'admin') };
    const pem = await exportSPKI(
      (await importJWK(issuer.publicKey(), 'ES256')) as import('node:crypto').webcrypto.CryptoKey,
    );
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part({ alg: 'HS256', kid: issuer.publicKey().kid })}.${part(claims)}`;
    for (const secret of [pem, JSON.stringify(issuer.publicKey())]) {
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      const reply = await read(forged);
      expect(reply).toMatchObject({ status: 401, body: { detail: expect.stringMatching(/algorithm/) } });
    }
  });

  it('when anything of it was changed', async () => {
    const [header, , signature] = (await issuer.token()).split('.');
    const claims = Buffer.from(
      JSON.stringify({ iss: issuer.url, aud: AUDIENCE, sub: 'root', exp: nowSeconds() + 60, ...rights('*', 'admin') }),
    );
    const reply = await read(`${header}.${claims.toString('base64url')}.${signature}`);
    expect(reply).toMatchObject({ status: 401, body: { detail: 'The signature of the token is wrong.' } });
  });
});

it('an open watch ends when its token does, long before the next heartbeat, on gRPC and kubectl’s face', async () => {
  // Accepted for another second, within the tolerance of the clocks.
  const token = await issuer.token({ exp: nowSeconds() - 28 });
  const client = new WatchServiceClient(test.api.grpcAddress, insecure());
  const next = messagesOf(client.watch(WatchRequest.fromPartial({ project: 'demo' }), test.metadata(token)));
  const watch = await kubeFor(token).watch('namespaces/demo/vmdisks');
  const untilEnd = async () => {
    while ((await next()) !== undefined);
  };
  await expect(untilEnd()).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: 'The token has expired.' });
  await watch.ended;
  client.close();
});

it('does not start when the issuer is another one, and says so', async () => {
  issuer.answerWith({ status: 200, body: { issuer: 'https://other.example', jwks_uri: 'https://other.example/keys' } });
  const opening = openTestApi({ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, LOG_LEVEL: 'silent' });
  await expect(opening).rejects.toThrow(/speaks for the issuer "https:\/\/other.example"/);
  await expect(opening).rejects.toBeInstanceOf(ConfigurationError);
  issuer.answerWith(undefined);
});

it.each([
  [{ OIDC_ISSUER: 'https://a.example' }, /both/],
  [{ OIDC_ISSUER: 'http://a.example', OIDC_AUDIENCE: 'x' }, /must be https/],
  [{ OIDC_JWKS_URL: 'https://a.example' }, /needs OIDC_ISSUER/],
  [{ TLS_CERT_FILE: 'x' }, /both/],
  [{ GRPC_CLIENT_CA_FILE: 'x' }, /needs TLS_CERT_FILE/],
])('a configuration of %o is refused', async (environment, message) => {
  await expect(openTestApi(environment as Record<string, string>)).rejects.toThrow(message);
});
