/**
 * Every door through which something changes, opened once: the change stands in the audit log, with who, which request
 * and by which face. A new mutation fails here until somebody says how it is asked for.
 */
import type { Kind, ResourceOf } from '@compute/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutations as grpcMutations, sendGrpc } from './fixtures/doors/grpc-mutations.ts';
import { mutations as kubeMutations } from './fixtures/doors/kube-mutations.ts';
import { mutations as restMutations } from './fixtures/doors/rest-mutations.ts';
import type { Subject } from './fixtures/doors/subject.ts';
import { kubeClient } from './fixtures/kube-client.ts';
import { type KubectlStage, openKubectlStage } from './fixtures/kubectl.ts';
import { removeFully, report } from './fixtures/worker-reports.ts';

let stage: KubectlStage;
beforeAll(async () => {
  stage = await openKubectlStage();
}, 60_000);
afterAll(() => stage.close());

const spec = { instanceType: 'u1.medium', instanceProfile: 'ubuntu' };
let serial = 0;

/** A new thing in the state that the change needs. */
async function prepare({ needs }: Subject): Promise<{ name: string; id: string }> {
  serial += 1;
  const name = `thing-${serial}`;
  const { it: test } = stage;
  const make = async (kind: Kind, path: string, body: object, phases: readonly string[]) => {
    const made = await test.send('POST', `/v1/projects/demo/${path}`, { body: { metadata: { name }, ...body } });
    expect(made.status, made.text).toBe(201);
    for (const phase of phases) await report(test.store, kind, name, phase as ResourceOf[Kind]['phase'], false);
    return { name, id: /operations\/([^>]+)/.exec(made.headers.get('link') ?? '')?.[1] ?? '' };
  };
  const machine = (running: boolean, ...phases: string[]) =>
    make('VMInstance', 'vm-instances', { spec: { ...spec, running } }, phases);
  const disk = (...phases: string[]) => make('VMDisk', 'vm-disks', { spec: { storage: '1Gi' } }, phases);
  switch (needs) {
    case 'nothing':
      return { name, id: '' };
    case 'key':
      return { name, id: (await test.store.createApiKey({ project: 'demo', name, scopes: ['read'] })).record.id };
    case 'usage event': {
      const made = await disk('Ready');
      await test.send('DELETE', `/v1/projects/demo/vm-disks/${name}`);
      await removeFully(test.store, 'VMDisk', name);
      await test.store.usage.publish();
      const { events } = await test.store.usage.events({ limit: 1_000 });
      return { ...made, id: events.find((event) => event.name === name)?.id ?? '' };
    }
    case 'webhook': {
      const webhook = { url: 'https://example.com/hook', eventTypes: ['usage.recorded'], description: '' } as const;
      const by = { actor: { type: 'system', id: 'test' }, requestId: '' } as const;
      const { record } = await test.store.webhooks.create({ ...webhook, project: 'demo' }, { by });
      const turn = await test.store.webhooks.turn(record.id);
      const attempt = { messageId: 'evt_quota_42', eventType: 'usage.recorded', attempt: 1, delivered: true } as const;
      if (turn) await test.store.webhooks.record(turn, { ...attempt, durationMs: 1, body: '{}' }, {});
      return { name, id: record.id };
    }
    case 'disk':
      return disk();
    case 'failed disk':
      return disk('Failed');
    case 'stopped machine':
      return machine(false);
    case 'machine':
      return machine(true);
    case 'running machine':
      return machine(true, 'Provisioning', 'Starting', 'Running');
    case 'paused machine':
      return machine(true, 'Provisioning', 'Starting', 'Running', 'Paused');
  }
}

/** The audit log's lines of one request, of the project or of none. */
async function linesOf(requestId: string) {
  const pages = await Promise.all(
    ['demo', '', `made-${requestId}`].map((project) => stage.it.store.audit({ project, limit: 200 })),
  );
  return pages.flatMap(({ items }) => items).filter((entry) => entry.requestId === requestId);
}

async function expectAudited(
  face: string,
  title: string,
  subject: Subject,
  ask: (thing: { name: string; id: string }, requestId: string) => Promise<void>,
) {
  const thing = await prepare(subject);
  const requestId = `${face}-${serial}`;
  await ask(thing, requestId);
  const lines = await linesOf(requestId);
  expect(lines, title).not.toEqual([]);
  for (const line of lines)
    expect(line).toMatchObject({
      face,
      address: '127.0.0.1',
      actor: expect.stringMatching(/^user:key:/),
      traceId: expect.any(String),
    });
}

describe('REST', () => {
  it.each(restMutations)('$title', async (mutation) => {
    await expectAudited('rest', mutation.title, mutation, async (thing, requestId) => {
      const { method, path, body } = mutation.request(thing, requestId);
      const headers = { 'x-request-id': requestId };
      const reply = await stage.it.send(method, path, {
        headers,
        key: stage.it.adminKey,
        ...(body === undefined ? {} : { body }),
      });
      expect(reply.status, reply.text).toBeLessThan(300);
    });
  });
});

describe('gRPC', () => {
  it.each(grpcMutations)('$title', async (mutation) => {
    await expectAudited('grpc', mutation.title, mutation, async (thing, requestId) => {
      const metadata = stage.it.metadata(stage.it.adminKey, { 'x-request-id': requestId });
      await sendGrpc(stage.it.api.grpcAddress, mutation.title, mutation.request(thing, requestId), metadata);
    });
  });
});

describe('kubectl’s face', () => {
  it.each(kubeMutations)('$title', async (mutation) => {
    await expectAudited('kube', mutation.title, mutation, async (thing, requestId) => {
      const client = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.adminKey);
      const { method, path, body, type } = await mutation.request(thing, client);
      const reply = await client.send(method, path, body, type, { 'audit-id': requestId });
      expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300);
    });
  });

  it('announces no other mutation', async () => {
    const client = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.adminKey);
    const { body } = await client.send('GET', '/apis/apps.cozystack.io/v1alpha1');
    const announced = (body.resources as { name: string; verbs: string[] }[]).flatMap(({ name, verbs }) =>
      verbs.filter((verb) => !['get', 'list', 'watch'].includes(verb)).map((verb) => `${verb} ${name}`),
    );
    // Nobody writes what was observed, and a collection is deleted one by one.
    const others = announced.filter((verb) => !/\/status$|^deletecollection /.test(verb));
    expect(kubeMutations.map(({ title }) => title).sort()).toEqual(others.sort());
  });
});

it('a rehearsal, and what changes nothing, leave no line', async () => {
  const body = { metadata: { name: 'rehearsed' }, spec: { storage: '1Gi' } };
  const headers = { 'x-request-id': 'rehearsal' };
  await stage.it.send('POST', '/v1/projects/demo/vm-disks?dryRun=true', { body, headers });
  await stage.it.send('POST', '/v1/projects/demo/vm-disks', { body });
  await stage.it.send('PATCH', '/v1/projects/demo/vm-disks/rehearsed', { body: { spec: { storage: '1Gi' } }, headers });
  expect(await linesOf('rehearsal')).toEqual([]);
});

it('the log is read by administrators of the project only, page by page, over REST and gRPC alike', async () => {
  const admin = await stage.it.newKey(['admin'], 'demo');
  const rest = await stage.it.send<{ items: { actor: string }[]; nextPageToken: string }>(
    'GET',
    '/v1/projects/demo/audit?pageSize=2',
    { key: admin },
  );
  expect(rest.body.items).toHaveLength(2);
  const next = await stage.it.send<{ items: object[] }>(
    'GET',
    `/v1/projects/demo/audit?pageSize=2&pageToken=${rest.body.nextPageToken}`,
    { key: admin },
  );
  expect(next.body.items).toHaveLength(2);
  expect(next.body.items).not.toEqual(rest.body.items);
  const request = { project: 'demo', actor: '', from: undefined, to: undefined, pageSize: 2, pageToken: '' };
  const reply = await sendGrpc(
    stage.it.api.grpcAddress,
    'compute.v1.AuditService/ListAuditEntries',
    request,
    stage.it.metadata(admin),
  );
  expect((reply as { entries: object[] }).entries).toHaveLength(2);
  expect((await stage.it.send('GET', '/v1/projects/demo/audit')).status).toBe(403);
  expect((await stage.it.send('GET', '/v1/audit', { key: admin })).status).toBe(403);
  expect((await stage.it.send('GET', '/v1/audit', { key: stage.it.adminKey })).status).toBe(200);
});
