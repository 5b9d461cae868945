/** Custom routes, other storage, kinds registered later, and discovery of all of it. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clusterKinds } from './kinds/cluster-kinds.ts';
import { ComputedBackend } from './memory/computed-backend.ts';
import type { Fields } from './protocol/kube-object.ts';
import type { CustomRoute, RouteCall } from './protocol/route.ts';
import { conflict } from './protocol/status-error.ts';
import { paths, startTestCluster, virtualMachine } from './testing/test-cluster.ts';

const discoveryType =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

function route(subresource: string, handle: CustomRoute['handle'], extra: Partial<CustomRoute> = {}): CustomRoute {
  return {
    group: 'subresources.kubevirt.io',
    version: 'v1',
    resource: 'virtualmachines',
    namespaced: true,
    subresource,
    kind: 'VirtualMachine',
    verbs: ['update'],
    handle,
    ...extra,
  };
}

const base = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/a';

describe('custom routes', () => {
  it('are called with what the path and the body say, and reach the storage', async () => {
    const calls: RouteCall[] = [];
    const start = route('start', async (call) => {
      calls.push(call);
      const version = await call
        .backendOf('virtualmachines.kubevirt.io')
        .get({ namespace: call.namespace, name: call.name });
      if (version === undefined)
        throw conflict({ group: 'kubevirt.io', plural: 'virtualmachines' }, call.name, 'it is not there');
      return { status: 202 };
    });
    await using cluster = await startTestCluster({ routes: [start] });
    expect((await cluster.put(`${base}/start`, { paused: true })).body.message).toContain('it is not there');
    await cluster.post(paths.machines, virtualMachine('a'));
    const accepted = await cluster.put(`${base}/start?dryRun=All`, { paused: true });
    expect([accepted.status, accepted.text]).toEqual([202, '']);
    expect(calls[1]).toMatchObject({
      verb: 'update',
      namespace: 'default',
      name: 'a',
      subresource: 'start',
      dryRun: true,
      body: { paused: true },
    });
    expect((await cluster.get(`${base}/start`)).status).toBe(405);
    expect((await cluster.put(`${base}/stop`, {})).status).toBe(404);
  });

  it('take longer paths, the longest route first', async () => {
    const answer = (body: unknown) => async (call: RouteCall) => ({ status: 200, body: { body, rest: call.rest } });
    await using cluster = await startTestCluster({
      routes: [
        route('evacuate', answer('short'), { verbs: ['get'] }),
        route('evacuate/cancel', answer('long'), { verbs: ['get'] }),
        route('portforward', answer('ports'), { verbs: ['get'] }),
      ],
    });
    expect((await cluster.get(`${base}/evacuate/cancel`)).body).toMatchObject({ body: 'long' });
    expect((await cluster.get(`${base}/evacuate`)).body).toMatchObject({ body: 'short' });
    expect((await cluster.get(`${base}/portforward/22/tcp`)).body).toMatchObject({
      body: 'ports',
      rest: ['22', 'tcp'],
    });
  });

  it('take over upgraded connections', async () => {
    const console = route('console', async () => ({ status: 400 }), {
      verbs: ['get'],
      upgrade: ({ socket, name }) =>
        socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\n\r\nhello ${name}`),
    });
    await using cluster = await startTestCluster({ routes: [console] });
    const upgrade = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(cluster.server.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk.toString();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(text));
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`);
      });
    expect(await upgrade(`${base}/console`)).toContain('hello a');
    expect(await upgrade(`${base}/vnc`)).toContain('"code":404');
  });

  it('are discovered', async () => {
    await using cluster = await startTestCluster({ routes: [route('start', async () => ({ status: 202 }))] });
    const { body } = await cluster.get('/apis/subresources.kubevirt.io/v1');
    expect(body.resources).toEqual([
      { name: 'virtualmachines/start', singularName: '', namespaced: true, kind: 'VirtualMachine', verbs: ['update'] },
    ]);
  });
});

describe('storage of a resource', () => {
  it('can be another one than memory', async () => {
    const sample = {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { name: 'a', namespace: 'default' },
    };
    const backends = { 'pods.metrics.k8s.io': new ComputedBackend(() => [sample]) };
    await using cluster = await startTestCluster({ backends });
    const { body } = await cluster.get('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods');
    expect(body.items).toEqual([sample]);
    expect((await cluster.remove('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/a')).status).toBe(405);
  });
});

describe('kinds', () => {
  it('can be registered while the server runs', async () => {
    await using cluster = await startTestCluster();
    const kind = {
      group: 'example.com',
      version: 'v1',
      kind: 'Widget',
      plural: 'widgets',
      namespaced: true,
      statusSubresource: true,
    };
    expect((await cluster.get('/apis/example.com/v1/widgets')).status).toBe(404);
    cluster.server.kinds.register(kind);
    expect((await cluster.get('/apis/example.com/v1/widgets')).body).toMatchObject({ kind: 'WidgetList', items: [] });
    const crds = await cluster.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com');
    expect(crds.body).toMatchObject({ spec: { scope: 'Namespaced', names: { kind: 'Widget' } } });
  });
});

describe('discovery', () => {
  it('lists groups, versions and resources', async () => {
    await using cluster = await startTestCluster();
    expect((await cluster.get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = (await cluster.get('/apis')).body.groups as Fields[];
    expect(groups).toContainEqual({
      name: 'kubevirt.io',
      versions: [{ groupVersion: 'kubevirt.io/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'kubevirt.io/v1', version: 'v1' },
    });
    expect((await cluster.get('/apis/kubevirt.io')).body.kind).toBe('APIGroup');
    const resources = (await cluster.get('/apis/kubevirt.io/v1')).body.resources as Fields[];
    expect(resources.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['virtualmachines', 'virtualmachines/status', 'virtualmachineinstances']),
    );
    expect(resources.map(({ name }) => name)).not.toContain('virtualmachineinstances/status');
    expect((await cluster.get('/apis/nothing.example')).status).toBe(404);
  });

  it('comes aggregated when asked for', async () => {
    await using cluster = await startTestCluster({ routes: [] });
    const { body, headers } = await cluster.get('/apis', discoveryType);
    expect(headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    const names = body.items.map((item) => (item.metadata as { name: string }).name);
    expect(new Set(names)).toEqual(new Set(clusterKinds.map(({ group }) => group).filter((group) => group !== '')));
    expect((await cluster.get('/api', discoveryType)).body.items).toHaveLength(1);
  });
});
