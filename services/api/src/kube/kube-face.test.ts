/** The protocol below kubectl: versions, watches, pages, refusals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readApiConfig } from '../api-config.ts';
import { type KubeClient, kubeClient } from '../fixtures/kube-client.ts';
import { type KubectlStage, openKubectlStage } from '../fixtures/kubectl.ts';
import { openTestApi } from '../fixtures/open-test-api.ts';
import { removeFully, report } from '../fixtures/worker-reports.ts';

let stage: KubectlStage;
let client: KubeClient;
beforeAll(async () => {
  stage = await openKubectlStage({ STREAM_HEARTBEAT_SECONDS: '1' });
  client = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.key);
}, 60_000);
afterAll(() => stage.close());

const DISKS = 'namespaces/demo/vmdisks';
const MERGE = 'application/merge-patch+json';
const disk = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMDisk',
  metadata: { name, labels },
  spec: { storage: '10Gi' },
});
const create = async (name: string, labels?: Record<string, string>) =>
  (await client.send('POST', DISKS, disk(name, labels))).body;
const positionNow = async (): Promise<string> => (await client.send('GET', DISKS)).body.metadata.resourceVersion;

test('an object has its defaults, its place in the feed and no status of the client’s', async () => {
  const reply = await client.send('POST', DISKS, { ...disk('made'), status: { phase: 'Ready' } });
  expect([reply.status, reply.headers['audit-id']]).toEqual([201, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(reply.body).toMatchObject({
    metadata: { name: 'made', namespace: 'demo', generation: 1, resourceVersion: expect.stringMatching(/^\d+$/) },
    spec: { storage: '10Gi', storageClass: 'replicated', source: {}, optical: false },
    status: { phase: 'Pending' },
  });
  expect(reply.body.metadata).not.toHaveProperty('annotations');
  expect((await client.send('PUT', `${DISKS}/made/status`, reply.body)).status).toBe(403);
  expect((await client.send('POST', DISKS, disk('made'))).body).toMatchObject({ code: 409, reason: 'AlreadyExists' });
});

test('what is done here is seen by REST, and the record of owners is not', async () => {
  await create('shared');
  const { body } = await stage.it.send<{ metadata: object }>('GET', '/v1/projects/demo/vm-disks/shared');
  expect(body.metadata).not.toHaveProperty('managedFields');
  await stage.it.send('PATCH', '/v1/projects/demo/vm-disks/shared', {
    body: { metadata: { labels: { from: 'rest' } } },
    headers: { 'content-type': MERGE },
  });
  const seen = (await client.send('GET', `${DISKS}/shared`)).body;
  expect(seen.metadata.labels).toEqual({ from: 'rest' });
  const labelOwner = seen.metadata.managedFields.find((entry: { manager: string }) => entry.manager === 'rest');
  expect(labelOwner).toMatchObject({
    operation: 'Update',
    fieldsV1: { 'f:metadata': { 'f:labels': { 'f:from': {} } } },
  });
});

test('fields that nobody keeps are refused by name, and unknown ones are dropped with a warning when asked to', async () => {
  const owned = { ...disk('foreign'), metadata: { name: 'foreign', finalizers: ['example.org/mine'] } };
  const refused = (await client.send('POST', DISKS, owned)).body;
  expect([refused.code, refused.details.causes[0].field]).toEqual([422, 'metadata.finalizers']);
  const unknown = { ...disk('pruned'), spec: { storage: '1Gi', colour: 'red' } };
  const warned = await client.send('POST', `${DISKS}?fieldValidation=Warn`, unknown);
  expect([warned.status, warned.headers.warning]).toEqual([201, '299 - "unknown field \\"spec.colour\\""']);
});

test('a deletion can be bound to an incarnation, and to what was read', async () => {
  const made = await create('bound');
  const other = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
  expect((await client.send('DELETE', `${DISKS}/bound`, other)).status).toBe(409);
  const { resourceVersion } = made.metadata;
  await report(stage.it.store, 'VMDisk', 'bound', 'Importing', false);
  const bound = { preconditions: { uid: made.metadata.uid, resourceVersion } };
  expect(
    (await client.send('DELETE', `${DISKS}/bound?dryRun=All`, bound)).body.metadata.deletionTimestamp,
  ).toBeDefined();
  await client.send('PATCH', `${DISKS}/bound`, { metadata: { labels: { a: 'b' } } }, MERGE);
  expect((await client.send('DELETE', `${DISKS}/bound`, bound)).status).toBe(409);
  const deleted = await client.send('DELETE', `${DISKS}/bound`);
  expect([deleted.status, deleted.body.kind, deleted.body.status.phase]).toEqual([200, 'VMDisk', 'Deleting']);
  const late = await client.send('PATCH', `${DISKS}/bound`, { metadata: { labels: { c: 'd' } } }, MERGE);
  expect([late.body.code, late.body.message]).toEqual([409, expect.stringContaining('is being deleted')]);
});

test('a watch begins with what there is, says when that is complete, and goes on', async () => {
  await create('present');
  const watch = await client.watch(
    `${DISKS}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name=present`,
  );
  expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'present' } } });
  const bookmark = await watch.next();
  expect(bookmark).toMatchObject({
    type: 'BOOKMARK',
    object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
  });
  await report(stage.it.store, 'VMDisk', 'present', 'Ready', true);
  const ready = await watch.next();
  expect(ready).toMatchObject({ type: 'MODIFIED', object: { status: { phase: 'Ready' } } });
  expect(Number(ready.object.metadata.resourceVersion)).toBeGreaterThan(
    Number(bookmark.object.metadata.resourceVersion),
  );
  watch.close();
});

test('a watch from a position misses nothing, and nothing outside its selection', async () => {
  await create('inside', { tier: 'web' });
  await create('outside', { tier: 'db' });
  const position = await positionNow();
  await report(stage.it.store, 'VMDisk', 'inside', 'Ready', true);
  const watch = await client.watch(`${DISKS}?resourceVersion=${position}&labelSelector=tier=web`);
  expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { metadata: { name: 'inside' } } });
  await report(stage.it.store, 'VMDisk', 'outside', 'Ready', true);
  await client.send('PATCH', `${DISKS}/outside`, { metadata: { labels: { tier: 'web' } } }, MERGE);
  expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'outside' } } });
  await client.send('PATCH', `${DISKS}/inside`, { metadata: { labels: { tier: 'db' } } }, MERGE);
  expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'inside' } } });
  await client.send('DELETE', `${DISKS}/outside`);
  expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { status: { phase: 'Deleting' } } });
  await removeFully(stage.it.store, 'VMDisk', 'outside');
  expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'outside' } } });
  watch.close();
});

test('a watch ends when its key is revoked or expires, and says so', async () => {
  const url = stage.it.api.kubeUrl ?? '';
  const position = await positionNow();
  const revoked = await stage.it.newKey(['read'], 'demo');
  const expiring = {
    name: 'short',
    scopes: ['read'],
    project: 'demo',
    expiresAt: new Date(Date.now() + 4_000),
  } as const;
  const { token } = await stage.it.store.createApiKey(expiring);
  const watches = [
    await kubeClient(url, stage.ca, revoked).watch(DISKS),
    await kubeClient(url, stage.ca, token).watch(`${DISKS}?resourceVersion=${position}`),
  ];
  const other = await client.watch(`${DISKS}?resourceVersion=${position}`);
  await stage.it.store.revokeApiKey(revoked.split('_')[1] ?? '');
  for (const watch of watches) {
    let frame = await watch.next();
    while (frame.type !== 'ERROR') frame = await watch.next();
    expect(frame.object).toMatchObject({ kind: 'Status', code: 401, reason: 'Unauthorized' });
    await watch.ended;
  }
  await create('after-the-end');
  expect(await other.next()).toMatchObject({ object: { metadata: { name: 'after-the-end' } } });
  other.close();
});

test('a position that is no longer kept, or never was, is 410', async () => {
  const ahead = await client.watch(`${DISKS}?resourceVersion=999999999`);
  expect(await ahead.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  await ahead.ended;
  const exact = await client.send('GET', `${DISKS}?resourceVersion=1&resourceVersionMatch=Exact`);
  expect([exact.status, exact.body.reason]).toEqual([410, 'Expired']);
});

test('pages share the position of the first, and a token that was made up is refused', async () => {
  for (const name of ['page-a', 'page-b', 'page-c']) await create(name, { set: 'pages' });
  const first = (await client.send('GET', `${DISKS}?limit=2&labelSelector=set=pages`)).body;
  await create('page-d', { set: 'pages' });
  const rest = `${DISKS}?limit=2&labelSelector=set=pages&continue=${first.metadata.continue}`;
  const second = (await client.send('GET', rest)).body;
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  const names = [...first.items, ...second.items].map((item: { metadata: { name: string } }) => item.metadata.name);
  expect(names).toEqual(['page-a', 'page-b', 'page-c', 'page-d']);
  expect(second.metadata.continue).toBeUndefined();
  expect((await client.send('GET', `${DISKS}?limit=2&continue=nonsense`)).status).toBe(400);
  const forged = Buffer.from(JSON.stringify(['1', 'demo', 'forged'])).toString('base64url');
  expect((await client.send('GET', `${DISKS}?limit=2&continue=${forged}`)).status).toBe(422);
});

test('a key of one project sees all namespaces as its own, and watches them so', async () => {
  await stage.it.store.createProject('elsewhere');
  const watch = await client.watch(`vmdisks?resourceVersion=${await positionNow()}`);
  const admin = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.adminKey);
  const all = await admin.watch(`vmdisks?resourceVersion=${await positionNow()}`);
  await admin.send('POST', 'namespaces/elsewhere/vmdisks', disk('theirs'));
  await create('ours');
  expect(await watch.next()).toMatchObject({ object: { metadata: { name: 'ours', namespace: 'demo' } } });
  expect(await all.next()).toMatchObject({ object: { metadata: { name: 'theirs', namespace: 'elsewhere' } } });
  expect(await all.next()).toMatchObject({ object: { metadata: { name: 'ours', namespace: 'demo' } } });
  const foreign = await client.send('GET', 'namespaces/elsewhere/vmdisks/theirs');
  expect([foreign.status, foreign.body.reason]).toEqual([404, 'NotFound']);
  watch.close();
  all.close();
});

test('events and namespaces are read and not written', async () => {
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } };
  expect((await client.send('POST', '/api/v1/namespaces/demo/events', event)).status).toBe(405);
  expect((await client.send('DELETE', '/api/v1/namespaces/demo')).status).toBe(405);
  expect((await client.send('GET', '/api/v1/namespaces/demo')).body.status).toEqual({ phase: 'Active' });
  const page = (await client.send('GET', '/api/v1/namespaces/demo/events?limit=1')).body;
  expect([page.items.length, typeof page.metadata.continue]).toEqual([1, 'string']);
});

test('health is answered without a key, everything else with one', async () => {
  const nobody = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, 'vmk_nobody_0');
  expect((await nobody.send('GET', '/readyz')).body).toBe('ok');
  for (const path of ['/version', '/apis', '/openapi/v2', '/api/v1/namespaces', DISKS])
    expect((await nobody.send('GET', path)).body).toMatchObject({ code: 401, reason: 'Unauthorized' });
});

test('the server ends its watches when it stops', async () => {
  const other = await openKubectlStage();
  const watch = await kubeClient(other.it.api.kubeUrl ?? '', other.ca, other.it.key).watch(DISKS);
  await other.close();
  await watch.ended;
}, 30_000);

test('without a certificate there is no such face, and half a pair is refused', async () => {
  const bare = await openTestApi();
  expect(bare.api.kubeUrl).toBeUndefined();
  await bare.close();
  const environment = { DATABASE_URL: 'postgresql://127.0.0.1/x', SECRETS_KEY: Buffer.alloc(32).toString('base64') };
  expect(() => readApiConfig({ ...environment, KUBE_TLS_CERT_FILE: 'cert.pem' })).toThrow('KUBE_TLS_KEY_FILE');
});

test('what REST has changed is a conflict for a server-side apply, and is taken over only by force', async () => {
  const APPLY = 'application/apply-patch+yaml';
  const applied = disk('contested');
  await client.send('PATCH', `${DISKS}/contested?fieldManager=file`, applied, APPLY);
  const grown = { body: { spec: { storage: '20Gi' } }, headers: { 'content-type': MERGE } };
  expect((await stage.it.send('PATCH', '/v1/projects/demo/vm-disks/contested', grown)).status).toBe(202);
  const again = { ...applied, spec: { storage: '30Gi' } };
  const refused = await client.send('PATCH', `${DISKS}/contested?fieldManager=file`, again, APPLY);
  expect([refused.status, refused.body.details.causes[0].message]).toEqual([409, expect.stringContaining('"rest"')]);
  expect((await client.send('PATCH', `${DISKS}/contested?fieldManager=file&force=true`, again, APPLY)).status).toBe(
    200,
  );
});

test('a list of objects is applied as its items', async () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [disk('first-of-list'), disk('second-of-list')] };
  const { body } = await stage.it.send<{ items: { result: string }[] }>('POST', '/v1/projects/demo/manifests', {
    body: list,
  });
  expect(body.items.map(({ result }) => result)).toEqual(['created', 'created']);
});

test('namespaces and events are watched: first what there is, then what is new', async () => {
  const admin = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.adminKey);
  const namespaces = await admin.watch('/api/v1/namespaces?resourceVersion=1');
  await stage.it.store.createProject('later');
  expect(await namespaces.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'later' } } });
  namespaces.close();
  await create('eventful');
  const selector = 'fieldSelector=involvedObject.name%3Deventful';
  const events = await client.watch(`/api/v1/namespaces/demo/events?${selector}`);
  expect(await events.next()).toMatchObject({ type: 'ADDED', object: { message: 'Phase Pending: Accepted.' } });
  await report(stage.it.store, 'VMDisk', 'eventful', 'Ready', true);
  const seen = [await events.next(), await events.next()].map(({ object }) => object.message);
  expect(seen).toContain('Phase Pending to Ready: As seen.');
  events.close();
});

test('a key twice is refused, warned of or passed over, as the client asks', async () => {
  const twice =
    '{"apiVersion":"apps.cozystack.io/v1alpha1","kind":"VMDisk","metadata":{"name":"twice"},"spec":{"storage":"1Gi","storage":"2Gi"}}';
  const ask = (validation: string) => client.send('POST', `${DISKS}?dryRun=All&fieldValidation=${validation}`, twice);
  const strict = await ask('Strict');
  expect([strict.status, strict.body.message]).toEqual([
    400,
    expect.stringContaining('strict decoding error: duplicate field "spec.storage"'),
  ]);
  expect((await ask('Warn')).headers.warning).toContain('duplicate field');
  const ignored = await ask('Ignore');
  expect([ignored.status, ignored.headers.warning]).toEqual([201, expect.not.stringContaining('duplicate')]);
});

test('what would fill memory or stack is a bad request', async () => {
  const levels = Array.from({ length: 8 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}]`);
  const bomb = ['l0: &l0 [x]', ...levels].join('\n');
  expect((await client.send('POST', DISKS, bomb, 'application/yaml')).status).toBe(400);
  const deep = `{"apiVersion":"apps.cozystack.io/v1alpha1","kind":"VMDisk","metadata":{"name":"deep"},"spec":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_001)}`;
  expect((await client.send('POST', DISKS, deep)).status).toBe(400);
  expect(
    (await client.send('PATCH', `${DISKS}/deep?fieldManager=x`, deep, 'application/apply-patch+yaml')).status,
  ).toBe(400);
});

test('applies of many managers at once all happen, also while there is nothing yet', async () => {
  const managers = Array.from({ length: 12 }, (_, index) => `m${index}`);
  const replies = await Promise.all(
    managers.map((manager) =>
      client.send(
        'PATCH',
        `${DISKS}/applied?fieldManager=${manager}`,
        disk('applied', { [manager]: 'x' }),
        'application/apply-patch+yaml',
      ),
    ),
  );
  expect(replies.map(({ status }) => status).sort()).toEqual([...managers.slice(1).map(() => 200), 201]);
  const { body } = await client.send('GET', `${DISKS}/applied`);
  expect(Object.keys(body.metadata.labels).sort()).toEqual([...managers].sort());
});

test('an object without a name is refused without making one up', async () => {
  const { message } = (await client.send('POST', DISKS, { ...disk('x'), metadata: { generateName: 'x-' } })).body;
  expect(message).toContain('metadata.name');
  expect(message).not.toContain('undefined');
});
