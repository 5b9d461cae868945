/** Rules that single kinds have beyond those of all objects, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldsOf } from '../protocol/kube-object.ts';
import {
  claim,
  configMap,
  eventually,
  paths,
  pod,
  startTestCluster,
  type TestCluster,
} from '../testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('kinds with rules of their own', () => {
  it('a secret turns stringData into data', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'encoded' }, stringData: { a: 'b' } };
    const { body } = await cluster.post(paths.secrets, secret);
    expect(body).toMatchObject({ data: { a: 'Yg==' }, type: 'Opaque' });
    expect(body.stringData).toBeUndefined();
  });

  it('a pod is given the token of its account, unless it wants none', async () => {
    const spec = { containers: [{ name: 'main', image: 'i' }], volumes: [{ name: 'own', emptyDir: {} }] };
    const create = async (name: string, more: object = {}) =>
      (await cluster.post(paths.pods, { ...pod(name), spec: { ...spec, ...more } })).body.spec;
    const name = expect.stringMatching(/^kube-api-access-/);
    expect(await create('with-token')).toMatchObject({
      volumes: [spec.volumes[0], { name, projected: expect.anything() }],
      containers: [{ volumeMounts: [{ name, readOnly: true }] }],
    });
    expect(await create('without-token', { automountServiceAccountToken: false })).toMatchObject({
      ...spec,
      serviceAccountName: 'default',
    });
  });

  it('a DataVolume keeps its spec', async () => {
    const dataVolume = {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name: 'disk' },
      spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
    };
    expect((await cluster.post(paths.dataVolumes, dataVolume)).status).toBe(201);
    const change = { spec: { storage: { resources: { requests: { storage: '2Gi' } } } } };
    const answer = await cluster.mergePatch(`${paths.dataVolumes}/disk`, change);
    expect(answer.body.message).toBe(
      'admission webhook "datavolume-validate.cdi.kubevirt.io" denied the request: Cannot update DataVolume Spec',
    );
    const empty = { ...dataVolume, metadata: { name: 'none' }, spec: { source: {}, storage: {} } };
    expect((await cluster.post(paths.dataVolumes, empty)).body.message).toContain('Missing dataVolume valid source');
  });

  it('a claim only grows, and only once it is bound to a class that lets it', async () => {
    const storageClass = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'fixed' },
      provisioner: 'p',
    };
    await cluster.post('/apis/storage.k8s.io/v1/storageclasses', storageClass);
    await cluster.post(paths.claims, claim('grows', '2Gi', { storageClassName: 'fixed' }));
    const path = `${paths.claims}/grows`;
    const resize = (storage: string) => cluster.mergePatch(path, { spec: { resources: { requests: { storage } } } });
    expect((await resize('1Gi')).body.message).toContain('field can not be less than');
    expect((await resize('3Gi')).body.message).toContain('spec is immutable after creation');
    await cluster.mergePatch(`${path}/status`, { status: { phase: 'Bound' } });
    expect((await resize('3Gi')).body.message).toContain('must support resize');
    await cluster.mergePatch('/apis/storage.k8s.io/v1/storageclasses/fixed', { allowVolumeExpansion: true });
    expect((await resize('3Gi')).status).toBe(200);
  });

  it('a pod keeps its spec but for images and added tolerations', async () => {
    const plain = pod('lasting');
    await cluster.post(paths.pods, {
      ...plain,
      spec: { ...fieldsOf(plain.spec), automountServiceAccountToken: false },
    });
    const path = `${paths.pods}/lasting`;
    const tolerate = { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } };
    expect((await cluster.mergePatch(path, tolerate)).status).toBe(200);
    expect((await cluster.mergePatch(path, { spec: { containers: [{ name: 'main', image: 'other' }] } })).status).toBe(
      200,
    );
    const { status, body } = await cluster.mergePatch(path, { spec: { nodeName: 'n' } });
    expect([status, body.message]).toEqual([
      422,
      expect.stringContaining('spec: Forbidden: pod updates may not change fields'),
    ]);
    expect((await cluster.mergePatch(path, { spec: { tolerations: null } })).status).toBe(422);
  });

  it('services have addresses and node ports of their own', async () => {
    const service = (name: string, spec: object) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    const specs = [];
    for (const [name, spec] of [
      ['sa', {}],
      ['sb', { type: 'LoadBalancer' }],
      ['sc', { type: 'NodePort' }],
    ] as const) {
      specs.push(
        (await cluster.post(paths.services, service(name, spec))).body.spec as {
          clusterIP: string;
          ports: { nodePort?: number }[];
        },
      );
    }
    expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).toBe(3);
    expect(specs.map(({ ports }) => ports[0]?.nodePort)).toEqual([undefined, 30000, 30001]);
    const without = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false };
    const { body } = await cluster.post(paths.services, service('sd', without));
    expect((body.spec as (typeof specs)[0]).ports[0]?.nodePort).toBeUndefined();
    const headless = await cluster.post(paths.services, service('se', { clusterIP: 'None' }));
    expect(headless.body.spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] });
  });

  it('a secret holds at most one MiB', async () => {
    const secret = (size: number) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'large' },
      stringData: { a: 'x'.repeat(size) },
    });
    expect((await cluster.post(paths.secrets, secret(1024 * 1024 + 1))).body.message).toContain('data: Too long');
    expect((await cluster.post(paths.secrets, secret(1024 * 1024))).status).toBe(201);
  });

  it.each([
    [{ labels: { a: 'not valid' } }, 'metadata.labels: Invalid value: "not valid": a valid label must be'],
    [{ labels: { 'bad key': 'x' } }, 'metadata.labels: Invalid value: "bad key": name part must consist of'],
    [{ labels: { a: 'x'.repeat(64) } }, 'must be no more than 63 bytes'],
    [{ annotations: { a: 'x'.repeat(256 * 1024) } }, 'metadata.annotations: Too long'],
  ])('metadata %# is refused', async (metadata, message) => {
    const { status, body } = await cluster.post(paths.configMaps, configMap('bad-metadata', {}, metadata));
    expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
  });

  it('an event is seen through both of its groups', async () => {
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'seen' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      reason: 'Created',
      message: 'text',
      type: 'Normal',
    };
    await cluster.post('/api/v1/namespaces/default/events', event);
    const { body } = await cluster.get('/apis/events.k8s.io/v1/namespaces/default/events/seen');
    expect(body).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding: { kind: 'Pod', name: 'p' }, note: 'text' });
    const selected = await cluster.get('/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp');
    expect(selected.body.items).toHaveLength(1);
    const modern = '/apis/events.k8s.io/v1/namespaces/default/events';
    expect((await cluster.get(`${modern}?fieldSelector=regarding.name%3Dp`)).body.items).toHaveLength(1);
    expect((await cluster.get(`${modern}?fieldSelector=regarding.name%3Dq`)).body.items).toHaveLength(0);
  });

  it('a pod is bound to its node once', async () => {
    await cluster.post(paths.pods, pod('scheduled'));
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'scheduled' },
      target: { kind: 'Node', name: 'node-1' },
    };
    expect((await cluster.post(`${paths.pods}/scheduled/binding`, binding)).status).toBe(201);
    expect((await cluster.get(`${paths.pods}/scheduled`)).body).toMatchObject({ spec: { nodeName: 'node-1' } });
    expect((await cluster.post(`${paths.pods}/scheduled/binding`, binding)).status).toBe(409);
  });

  it('the time to live of events ends', async () => {
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'old' },
      involvedObject: {},
      lastTimestamp: '2020-01-01T00:00:00Z',
    };
    await cluster.post('/api/v1/namespaces/default/events', event);
    cluster.server.store.sweep();
    const answer = await eventually(
      () => cluster.get('/api/v1/namespaces/default/events/old'),
      ({ status }) => status === 404,
    );
    expect(answer.status).toBe(404);
  });
});
