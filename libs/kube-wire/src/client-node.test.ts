/** The client library of the product against this server: typed calls, patches, watches and informers. */
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  Metrics,
  makeInformer,
  topPods,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from './protocol/kube-object.ts';
import { startTestCluster, type TestCluster, virtualMachine } from './testing/test-cluster.ts';
import { selfSignedCertificate } from './tls/self-signed-certificate.ts';

const machines = { group: 'kubevirt.io', version: 'v1', namespace: 'default', plural: 'virtualmachines' };

let cluster: TestCluster;
let config: KubeConfig;
beforeAll(async () => {
  const user = { name: 'client', groups: [] };
  cluster = await startTestCluster({ tls: selfSignedCertificate(['127.0.0.1']), tokens: { token: user } });
  config = new KubeConfig();
  config.loadFromString(cluster.server.kubeconfig());
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('@kubernetes/client-node', () => {
  it('creates, reads and deletes built-in objects', async () => {
    const core = config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'a' }, data: { x: 'y' } } });
    const read = await core.readNamespacedConfigMap({ namespace: 'default', name: 'a' });
    expect([read.data, read.metadata?.creationTimestamp]).toEqual([{ x: 'y' }, expect.any(Date)]);
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'a' });
    await expect(core.readNamespacedConfigMap({ namespace: 'default', name: 'a' })).rejects.toMatchObject({
      code: 404,
    });
  });

  it('creates custom objects and reads errors as Status', async () => {
    const custom = config.makeApiClient(CustomObjectsApi);
    const body = virtualMachine('custom');
    const created = (await custom.createNamespacedCustomObject({ ...machines, body })) as KubeObject;
    expect(created.metadata.generation).toBe(1);
    const error = await custom.createNamespacedCustomObject({ ...machines, body }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 409, body: expect.stringContaining('AlreadyExists') });
  });

  it('watches', async () => {
    const path = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
    const seen = await new Promise<string>((resolve, reject) => {
      const onEvent = (type: string, object: KubeObject): void => {
        if (object.metadata.name === 'seen') resolve(`${type} ${object.metadata.name}`);
      };
      new Watch(config).watch(path, {}, onEvent, reject).catch(reject);
      const custom = config.makeApiClient(CustomObjectsApi);
      custom.createNamespacedCustomObject({ ...machines, body: virtualMachine('seen') }).catch(reject);
    });
    expect(seen).toBe('ADDED seen');
  });

  it('informs, also after its watch was cut off by an expired history', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const informer = makeInformer(config, '/api/v1/namespaces/default/secrets', () =>
      core.listNamespacedSecret({ namespace: 'default' }),
    );
    const added = (name: string): Promise<void> =>
      new Promise((resolve) => {
        informer.on('add', (object) => {
          if (object.metadata?.name === name) resolve();
        });
      });
    informer.on('error', () => void informer.start());
    const first = added('first');
    await informer.start();
    await core.createNamespacedSecret({ namespace: 'default', body: { metadata: { name: 'first' } } });
    await first;
    const second = added('second');
    cluster.server.store.expireHistory('secrets');
    await core.createNamespacedSecret({ namespace: 'default', body: { metadata: { name: 'second' } } });
    await second;
    await informer.stop();
  });

  it('reads usage of pods', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const body = { metadata: { name: 'used' }, spec: { containers: [{ name: 'main', image: 'i' }] } };
    await core.createNamespacedPod({ namespace: 'default', body });
    const usage = { containers: [{ name: 'main', usage: { cpu: '250m', memory: '300Mi' } }] };
    const metrics = { group: 'metrics.k8s.io', version: 'v1beta1', namespace: 'default', plural: 'pods' };
    const sample = {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { name: 'used' },
      timestamp: new Date().toISOString(),
      window: '15s',
      ...usage,
    };
    await config.makeApiClient(CustomObjectsApi).createNamespacedCustomObject({ ...metrics, body: sample });
    const [used] = await topPods(core, new Metrics(config), 'default');
    expect([Number(used?.CPU.CurrentUsage), Number(used?.Memory.CurrentUsage)]).toEqual([0.25, 300 * 1024 ** 2]);
  });
});
