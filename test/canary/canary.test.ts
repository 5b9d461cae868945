/**
 * Secrets are sent through every face, in requests that are taken, repeated, tried and refused; afterwards they are
 * looked for in everything that is written down or handed out. Only their owner's own reads may show them.
 */
import { randomBytes } from 'node:crypto';
import { invoke } from '@compute/api/testing';
import { CreateVmInstanceRequest, VmInstanceServiceClient } from '@compute/proto';
import { credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../survival/stage/eventually.ts';
import { foundIn } from './hiding-places.ts';
import { type Installation, openInstallation } from './installation.ts';
import { tableDump } from './table-dump.ts';

const word = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`;

/** What must be found nowhere. */
const secrets: Record<string, string> = {
  rest: word('rest'),
  grpc: word('grpc'),
  kubectl: word('kubectl'),
  edited: word('edited'),
  rehearsed: word('rehearsed'),
  refused: word('refused'),
  broken: word('broken'),
  'wrong key': word('wrong-key'),
  'user in an address': word('userinfo'),
};
/** What a project's readers see in the manifest, and nobody else anywhere. */
const shown = { 'signature of an address': word('signature') };

const refusals: string[] = [];
let here: Installation;

const cloudInit = (secret: string | undefined) => `#cloud-config\npassword: ${secret}\n`;
const machine = (name: string, init: unknown) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMInstance',
  metadata: { name },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: false, cloudInit: init },
});

async function send(method: string, path: string, body?: object | string, more: Record<string, string> = {}) {
  const headers = { authorization: `Bearer ${here.key}`, 'content-type': 'application/json', ...more };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${here.api.restUrl}/v1/${path}`, { method, headers, ...(body ? { body: text } : {}) });
  return { status: reply.status, text: `${JSON.stringify([...reply.headers])}${await reply.text()}` };
}

async function refused(method: string, path: string, body?: object | string, more: Record<string, string> = {}) {
  const { status, text } = await send(method, path, body, more);
  expect(status, text).toBeGreaterThanOrEqual(400);
  refusals.push(text);
}

const MACHINES = 'projects/demo/vm-instances';
const YAML = { 'content-type': 'application/yaml' };
const KUBE_MACHINES = 'namespaces/demo/vminstances';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

beforeAll(async () => {
  here = await openInstallation();
  await sendThroughRest();
  await sendThroughGrpc();
  await sendThroughKubectl();
  await sendWhatIsRefused();
  await settle();
}, 90_000);
afterAll(() => here.close());

async function sendThroughRest() {
  const key = { 'idempotency-key': 'the-same' };
  for (const wanted of [201, 201])
    expect((await send('POST', MACHINES, machine('rest', cloudInit(secrets.rest)), key)).status).toBe(wanted);
  const patch = { 'content-type': 'application/merge-patch+json' };
  const edited = { spec: { cloudInit: cloudInit(secrets.edited) } };
  expect((await send('PATCH', `${MACHINES}/rest`, edited, patch)).status).toBe(202);
  const tried = await send('POST', `${MACHINES}?dryRun=true`, machine('tried', cloudInit(secrets.rehearsed)));
  expect(tried.status).toBe(200);
  for (const path of ['webhooks', 'api-keys']) await keepSecretOf(path);
  const url = `http://127.0.0.1:9/image.qcow2?X-Signature=${shown['signature of an address']}`;
  const disk = { metadata: { name: 'signed' }, spec: { storage: '1Gi', source: { http: { url } } } };
  expect((await send('POST', 'projects/demo/vm-disks', disk)).status).toBe(201);
}

/** Makes something whose answer holds a secret; that is looked for too. */
async function keepSecretOf(path: string) {
  const bodies: Record<string, object> = {
    webhooks: { url: 'https://example.com/hook' },
    'api-keys': { name: 'made' },
  };
  const made = await send('POST', path, bodies[path]);
  const secret = /"secret":"(?:whsec_|vmk_[0-9a-f]+_)([^"]+)"/.exec(made.text)?.[1];
  expect(secret, made.text).toBeDefined();
  secrets[`made by ${path}`] = secret ?? '';
}

async function sendThroughGrpc() {
  const client = new VmInstanceServiceClient(here.api.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${here.key}`);
  const { spec } = machine('grpc', '');
  const create = (name: string, init: string, instanceType = spec.instanceType) => {
    const vmInstance = { metadata: { name }, spec: { ...spec, instanceType, cloudInit: init } };
    const request = CreateVmInstanceRequest.fromPartial({ project: 'demo', vmInstance } as never);
    return invoke(client, client.createVmInstance, request, metadata);
  };
  await create('grpc', cloudInit(secrets.grpc));
  const error = await create('refused', cloudInit(secrets.refused), 'u1.nothing').catch((thrown: unknown) => thrown);
  refusals.push(JSON.stringify(error), String(error));
  client.close();
}

async function sendThroughKubectl() {
  const object = machine('kubectl', cloudInit(secrets.kubectl));
  const metadata = { name: 'kubectl', annotations: { [LAST_APPLIED]: JSON.stringify(object) } };
  expect((await here.kube.send('POST', KUBE_MACHINES, { ...object, metadata })).status).toBe(201);
  const apply = `${KUBE_MACHINES}/kubectl?fieldManager=test&force=true`;
  expect((await here.kube.send('PATCH', apply, object, 'application/apply-patch+yaml')).status).toBe(200);
}

async function sendWhatIsRefused() {
  await refused('POST', MACHINES, machine('x', { secret: secrets.refused }));
  await refused('POST', MACHINES, machine('x', [cloudInit(secrets.refused)]));
  await refused('POST', MACHINES, {
    ...machine('x', cloudInit(secrets.refused)),
    spec: { cloudInit: secrets.refused, disks: 7 },
  });
  await refused('POST', MACHINES, `{"spec":{"cloudInit":"${secrets.broken}" "x`);
  await refused('POST', MACHINES, `spec:\n  cloudInit: "${secrets.broken}\n  x: [`, YAML);
  await refused('POST', MACHINES, `spec:\n  cloudInit: *${secrets.broken}\n`, YAML);
  await refused('POST', `${MACHINES}?dryRun=true`, machine('X', cloudInit(secrets.refused)));
  await refused('GET', MACHINES, undefined, { authorization: `Bearer ${secrets['wrong key']}` });
  await refused('GET', MACHINES, undefined, { authorization: `Bearer vmk_0123456789abcdef_${secrets['wrong key']}` });
  const url = `https://someone:${secrets['user in an address']}@example.com/i.qcow2`;
  const disk = { metadata: { name: 'x' }, spec: { storage: '1Gi', source: { http: { url } } } };
  await refused('POST', 'projects/demo/vm-disks', disk);
  await refused('POST', 'webhooks', { url });
  const broken = await here.kube.send('POST', KUBE_MACHINES, `{"spec":{"cloudInit":"${secrets.broken}" "x`);
  const yaml = await here.kube.send('POST', KUBE_MACHINES, `a: "${secrets.broken}\nb: [`, 'application/yaml');
  const typed = await here.kube.send('POST', KUBE_MACHINES, machine('x', { secret: secrets.refused }));
  expect([broken.status, yaml.status, typed.status]).toEqual([400, 400, 422]);
  refusals.push(JSON.stringify([broken, yaml, typed]));
}

/** Until the worker has written every machine into the cluster and tried to import. */
async function settle() {
  const { store } = here;
  await eventually('every machine is in the cluster', 45_000, async () => {
    const { items } = await store.list({ kind: 'VMInstance', project: 'demo', limit: 10 });
    return items.length === 3 && items.every(({ phase }) => phase === 'Stopped') ? true : undefined;
  });
  await eventually('the import has failed once', 45_000, async () => {
    const { items } = await store.history({ project: 'demo', name: 'signed', limit: 50 } as never);
    return items.length > 2 ? true : undefined;
  });
}

const everything = () => ({ ...secrets, ...shown });

describe('a secret is not in', () => {
  it('a refusal', () => expect(foundIn(refusals.join('\n'), secrets)).toEqual([]));

  it('a log, at its most talkative', () => {
    expect(here.logs()).toContain('"level":"debug"');
    expect(foundIn(here.logs(), everything())).toEqual([]);
  });

  it('a trace', async () => {
    await expect.poll(() => here.spans(), { timeout: 15_000 }).toContain('compute-worker');
    expect(foundIn(here.spans(), everything())).toEqual([]);
  });

  it('a metric', async () => expect(foundIn(await here.metrics(), everything())).toEqual([]));

  it('Redis, nor in any command that it was sent', async () => {
    expect(here.redis.heard()).toContain('VMInstance');
    expect(foundIn(here.redis.heard() + (await here.redis.stored()), everything())).toEqual([]);
  });

  it('history, operations, usage, audit, lists of webhooks and keys', async () => {
    const paths = ['history', 'audit', 'usage', 'quota', 'quota/claims', 'availability'].map(
      (name) => `projects/demo/${name}`,
    );
    for (const path of [...paths, 'operations', 'usage/events', 'webhooks', 'api-keys']) {
      const { status, text } = await send('GET', path);
      expect([path, status]).toEqual([path, 200]);
      expect([path, foundIn(text, everything())]).toEqual([path, []]);
    }
  });

  it('an event of the kubectl face', async () => {
    const { status, body } = await here.kube.send('GET', '/api/v1/namespaces/demo/events');
    expect(status).toBe(200);
    expect(foundIn(JSON.stringify(body), everything())).toEqual([]);
  });

  it('a column of a table that is not sealed', async () => {
    const dump = await tableDump(here.environment.DATABASE_URL ?? '');
    expect(dump.get('resource')).toContain('u1.medium');
    for (const [table, text] of dump) expect([table, foundIn(text, secrets)]).toEqual([table, []]);
    const known = ['resource', 'change', 'past_state'];
    for (const [table, text] of dump)
      if (!known.some((name) => table.startsWith(name))) expect([table, foundIn(text, shown)]).toEqual([table, []]);
  });
});

it('a secret is there for its owner, and would be found', async () => {
  const { text } = await send('GET', `${MACHINES}/grpc`);
  expect(foundIn(text, { grpc: secrets.grpc ?? '' })).toEqual(['grpc (as it is)']);
  const encoded = Buffer.from(`ab${secrets.rest}cd`);
  expect(foundIn(encoded.toString('base64'), { rest: secrets.rest ?? '' })).toEqual(['rest (base64 at 2)']);
  expect(foundIn(encoded.toString('hex'), { rest: secrets.rest ?? '' })).toEqual(['rest (hexadecimal)']);
});
