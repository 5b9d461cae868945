/** ResourceQuotas, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../protocol/kube-object.ts';
import {
  type Answer,
  claim,
  configMap,
  eventually,
  pod,
  startTestCluster,
  type TestCluster,
} from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** A namespace with a quota `q`. */
async function limited(name: string, hard: Fields): Promise<string> {
  await cluster.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } };
  await cluster.post(`/api/v1/namespaces/${name}/resourcequotas`, quota);
  return `/api/v1/namespaces/${name}`;
}

const usedOf = ({ body }: Answer): unknown => (body.status as Fields | undefined)?.used;

describe('a quota', () => {
  it('of storage refuses with the text of a real cluster', async () => {
    const path = await limited('storage', { 'requests.storage': '1Gi' });
    const { status, body } = await cluster.post(`${path}/persistentvolumeclaims`, claim('d', '2147483648'));
    expect([status, body.reason]).toEqual([403, 'Forbidden']);
    expect(body.message).toBe(
      'persistentvolumeclaims "d" is forbidden: exceeded quota: q, requested: requests.storage=2147483648, used: requests.storage=0, limited: requests.storage=1Gi',
    );
  });

  it('shows what is used and gives it back', async () => {
    const hard = { 'requests.storage': '10Gi', persistentvolumeclaims: '5', 'count/configmaps': '3' };
    const path = await limited('used', hard);
    await cluster.post(`${path}/persistentvolumeclaims`, claim('a', '2Gi'));
    await cluster.post(`${path}/persistentvolumeclaims`, claim('b', '512Mi'));
    await cluster.post(`${path}/configmaps`, configMap('c'));
    const ask = (): Promise<Answer> => cluster.get(`${path}/resourcequotas/q`);
    const reached = (used: Fields) =>
      eventually(ask, (answer) => JSON.stringify(usedOf(answer)) === JSON.stringify(used));
    await reached({ 'requests.storage': '2560Mi', persistentvolumeclaims: '2', 'count/configmaps': '1' });
    await cluster.mergePatch(`${path}/persistentvolumeclaims/a`, { metadata: { finalizers: null } });
    await cluster.remove(`${path}/persistentvolumeclaims/a`);
    await reached({ 'requests.storage': '512Mi', persistentvolumeclaims: '1', 'count/configmaps': '1' });
  });

  it('counts storage of a class', async () => {
    const path = await limited('classes', { 'fast.storageclass.storage.k8s.io/requests.storage': '1Gi' });
    const create = (name: string, storageClassName: string) =>
      cluster.post(`${path}/persistentvolumeclaims`, claim(name, '1Gi', { storageClassName }));
    expect((await create('slow', 'slow')).status).toBe(201);
    expect((await create('one', 'fast')).status).toBe(201);
    expect((await create('two', 'fast')).body.message).toContain(
      'used: fast.storageclass.storage.k8s.io/requests.storage=1Gi, limited: fast.storageclass.storage.k8s.io/requests.storage=1Gi',
    );
  });

  it('names every resource that is exceeded', async () => {
    const path = await limited('several', { 'requests.storage': '1Gi', persistentvolumeclaims: '0' });
    const { body } = await cluster.post(`${path}/persistentvolumeclaims`, claim('d', '2Gi'));
    expect(body.message).toContain(
      'requested: persistentvolumeclaims=1,requests.storage=2Gi, used: persistentvolumeclaims=0,requests.storage=0, limited: persistentvolumeclaims=0,requests.storage=1Gi',
    );
  });

  it('of pods does not count those that ended', async () => {
    const path = await limited('pods', { pods: '1' });
    await cluster.post(`${path}/pods`, pod('a'));
    expect((await cluster.post(`${path}/pods`, pod('b'))).status).toBe(403);
    await cluster.mergePatch(`${path}/pods/a/status`, { status: { phase: 'Succeeded' } });
    expect((await cluster.post(`${path}/pods`, pod('b'))).status).toBe(201);
  });

  it('of compute wants it stated, explicit zeros are enough', async () => {
    const path = await limited('compute', { 'limits.memory': '1Gi', 'requests.cpu': '1' });
    const { body } = await cluster.post(`${path}/pods`, pod('silent'));
    expect(body.message).toBe(
      'pods "silent" is forbidden: failed quota: q: must specify limits.memory for: main; requests.cpu for: main',
    );
    const container = (resources: Fields) => ({ containers: [{ name: 'main', image: 'i', resources }] });
    const zeros = container({ requests: { cpu: '0', memory: '0' }, limits: { cpu: '0', memory: '0' } });
    expect((await cluster.post(`${path}/pods`, pod('zeros', zeros))).status).toBe(201);
    const large = container({ requests: { cpu: '600m' }, limits: { memory: '1Gi' } });
    expect((await cluster.post(`${path}/pods`, pod('large', large))).status).toBe(201);
    expect((await cluster.post(`${path}/pods`, pod('more', large))).body.message).toContain(
      'requested: limits.memory=1Gi,requests.cpu=600m, used: limits.memory=1Gi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1',
    );
  });

  it('that is raised lets the next one in', async () => {
    const path = await limited('raised', { 'count/configmaps': '0' });
    expect((await cluster.post(`${path}/configmaps`, configMap('a'))).status).toBe(403);
    await cluster.mergePatch(`${path}/resourcequotas/q`, { spec: { hard: { 'count/configmaps': '1' } } });
    expect((await cluster.post(`${path}/configmaps`, configMap('a'))).status).toBe(201);
  });
});
