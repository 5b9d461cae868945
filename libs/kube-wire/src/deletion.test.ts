/** Deletion, finalizers, garbage collection and namespaces, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from './protocol/kube-object.ts';
import {
  type Answer,
  configMap,
  eventually,
  paths,
  pod,
  startTestCluster,
  type TestCluster,
  virtualMachine,
} from './testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const missing = (path: string): Promise<Answer> =>
  eventually(
    () => cluster.get(path),
    ({ status }) => status === 404,
  );
const present = async (path: string): Promise<boolean> => (await cluster.get(path)).status === 200;

/** Lets everything the collector has queued so far happen. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function owned(name: string, owner: Answer, extra: Fields = {}): Promise<Answer> {
  const { apiVersion, kind, metadata } = owner.body;
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid, ...extra };
  return cluster.post(paths.configMaps, configMap(name, {}, { ownerReferences: [reference] }));
}

describe('delete', () => {
  it('answers with a Status that names what went', async () => {
    const created = await cluster.post(paths.configMaps, configMap('plain'));
    const { body } = await cluster.remove(`${paths.configMaps}/plain`);
    expect(body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'plain', kind: 'configmaps', uid: created.body.metadata.uid },
    });
    expect(await present(`${paths.configMaps}/plain`)).toBe(false);
  });

  it('waits for finalizers and refuses new ones meanwhile', async () => {
    const path = `${paths.machines}/held`;
    await cluster.post(paths.machines, virtualMachine('held', {}, { finalizers: ['example.com/a'] }));
    const { body } = await cluster.remove(path);
    expect(body.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      deletionGracePeriodSeconds: 0,
      generation: 2,
    });
    const more = await cluster.mergePatch(path, { metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
    expect([more.status, more.body.message]).toEqual([422, expect.stringContaining('no new finalizers can be added')]);
    const last = await cluster.mergePatch(path, { metadata: { finalizers: null } });
    expect(last.status).toBe(200);
    expect(await present(path)).toBe(false);
  });

  it('cannot be taken back', async () => {
    const path = `${paths.machines}/lasting`;
    await cluster.post(paths.machines, virtualMachine('lasting', {}, { finalizers: ['example.com/a'] }));
    await cluster.remove(path);
    const { body } = await cluster.mergePatch(path, { metadata: { deletionTimestamp: null } });
    expect(body.metadata.deletionTimestamp).toEqual(expect.any(String));
  });

  it.each([
    [{ uid: 'other' }, 'the UID in the precondition (other) does not match'],
    [{ resourceVersion: '1' }, 'the ResourceVersion in the precondition (1) does not match'],
  ])('with the precondition %j is a conflict', async (preconditions, message) => {
    await cluster.post(paths.configMaps, configMap('guarded'));
    const answer = await cluster.remove(`${paths.configMaps}/guarded`, { preconditions });
    expect([answer.status, answer.body.message]).toEqual([409, expect.stringContaining(message)]);
  });

  it('with dryRun changes nothing', async () => {
    await cluster.post(paths.configMaps, configMap('spared'));
    await cluster.remove(`${paths.configMaps}/spared?dryRun=All`);
    await cluster.remove(`${paths.configMaps}/spared`, { dryRun: ['All'] });
    expect(await present(`${paths.configMaps}/spared`)).toBe(true);
  });

  it('of a collection takes what the selector names', async () => {
    for (const [name, group] of [
      ['c1', 'x'],
      ['c2', 'x'],
      ['c3', 'y'],
    ] as const) {
      await cluster.post(paths.configMaps, configMap(name, {}, { labels: { group } }));
    }
    const { body } = await cluster.call('DELETE', `${paths.configMaps}?labelSelector=group%3Dx`);
    expect([body.kind, body.items.length]).toEqual(['ConfigMapList', 2]);
    expect(await present(`${paths.configMaps}/c3`)).toBe(true);
  });
});

describe('pods', () => {
  it('on a node wait for the grace-0 delete of the kubelet', async () => {
    const path = `${paths.pods}/running`;
    await cluster.post(paths.pods, pod('running', { nodeName: 'n' }));
    const { body } = await cluster.remove(path);
    expect(body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    const ends = Date.parse(String(body.metadata.deletionTimestamp));
    expect(ends).toBeGreaterThan(Date.now() + 25_000);
    const shorter = await cluster.remove(path, { gracePeriodSeconds: 5 });
    expect(shorter.body.metadata.deletionGracePeriodSeconds).toBe(5);
    const longer = await cluster.remove(path, { gracePeriodSeconds: 60 });
    expect(longer.body.metadata.deletionGracePeriodSeconds).toBe(5);
    await cluster.remove(path, { gracePeriodSeconds: 0 });
    expect(await present(path)).toBe(false);
  });

  it.each([
    ['without a node', {}, undefined],
    ['that ended', { nodeName: 'n' }, 'Succeeded'],
  ])('%s go at once', async (_, spec, phase) => {
    await cluster.post(paths.pods, pod('at-once', spec));
    if (phase !== undefined) await cluster.mergePatch(`${paths.pods}/at-once/status`, { status: { phase } });
    await cluster.remove(`${paths.pods}/at-once`);
    expect(await present(`${paths.pods}/at-once`)).toBe(false);
  });

  it('are deleted by eviction', async () => {
    await cluster.post(paths.pods, pod('evicted'));
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
    expect((await cluster.post(`${paths.pods}/evicted/eviction`, eviction)).status).toBe(201);
    expect(await present(`${paths.pods}/evicted`)).toBe(false);
  });
});

describe('garbage collection', () => {
  it('takes dependents of a deleted owner, and theirs', async () => {
    const owner = await cluster.post(paths.machines, virtualMachine('owner'));
    const child = await owned('child', owner);
    await owned('grandchild', child);
    await cluster.remove(`${paths.machines}/owner`);
    await missing(`${paths.configMaps}/child`);
    await missing(`${paths.configMaps}/grandchild`);
  });

  it('takes an object whose owner never was', async () => {
    const owner = await cluster.post(paths.machines, virtualMachine('ghost'));
    await cluster.remove(`${paths.machines}/ghost`);
    await owned('late', owner);
    await missing(`${paths.configMaps}/late`);
  });

  it('keeps an object that has another owner and drops the dead reference', async () => {
    const first = await cluster.post(paths.machines, virtualMachine('first'));
    const second = await cluster.post(paths.machines, virtualMachine('second'));
    const references = [first, second].map(({ body: { apiVersion, kind, metadata } }) => {
      return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    });
    await cluster.post(paths.configMaps, configMap('shared', {}, { ownerReferences: references }));
    await cluster.remove(`${paths.machines}/first`);
    const answer = await eventually(
      () => cluster.get(`${paths.configMaps}/shared`),
      ({ body }) => (body.metadata.ownerReferences as unknown[]).length === 1,
    );
    expect(answer.body.metadata.ownerReferences).toEqual([references[1]]);
  });

  it('in the foreground lets the owner wait for blocking dependents', async () => {
    const owner = await cluster.post(paths.machines, virtualMachine('fore'));
    await owned('blocking', owner, { blockOwnerDeletion: true });
    await cluster.mergePatch(`${paths.configMaps}/blocking`, { metadata: { finalizers: ['example.com/hold'] } });
    const { body } = await cluster.remove(`${paths.machines}/fore`, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
    await eventually(
      () => cluster.get(`${paths.configMaps}/blocking`),
      (answer) => answer.body.metadata.deletionTimestamp !== undefined,
    );
    await settled();
    expect(await present(`${paths.machines}/fore`)).toBe(true);
    await cluster.mergePatch(`${paths.configMaps}/blocking`, { metadata: { finalizers: null } });
    await missing(`${paths.machines}/fore`);
  });

  it('orphans on demand', async () => {
    const owner = await cluster.post(paths.machines, virtualMachine('parent'));
    await owned('orphan', owner);
    await cluster.remove(`${paths.machines}/parent`, { propagationPolicy: 'Orphan' });
    await missing(`${paths.machines}/parent`);
    await settled();
    const { status, body } = await cluster.get(`${paths.configMaps}/orphan`);
    expect([status, body.metadata.ownerReferences]).toEqual([200, undefined]);
  });
});

describe('namespaces', () => {
  const namespace = (name: string): Fields => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  it('go with everything in them, and take nothing new meanwhile', async () => {
    await cluster.post(paths.namespaces, namespace('leaving'));
    const inside = '/api/v1/namespaces/leaving/configmaps';
    await cluster.post(inside, configMap('content', {}, { finalizers: ['example.com/hold'] }));
    const { body } = await cluster.remove(`${paths.namespaces}/leaving`);
    expect(body.status).toEqual({ phase: 'Terminating' });
    const refused = await cluster.post(inside, configMap('more'));
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'configmaps "more" is forbidden: unable to create new content in namespace leaving because it is being terminated',
    ]);
    expect(refused.body.details).toMatchObject({ causes: [{ reason: 'NamespaceTerminating' }] });
    await eventually(
      () => cluster.get(`${inside}/content`),
      (answer) => answer.body.metadata.deletionTimestamp !== undefined,
    );
    await cluster.mergePatch(`${inside}/content`, { metadata: { finalizers: null } });
    await missing(`${paths.namespaces}/leaving`);
  });

  it('that are empty go soon, and the lasting ones cannot', async () => {
    await cluster.post(paths.namespaces, namespace('empty'));
    await cluster.remove(`${paths.namespaces}/empty`);
    await missing(`${paths.namespaces}/empty`);
    expect((await cluster.remove(`${paths.namespaces}/default`)).status).toBe(403);
  });
});
