// The client against the workspace's own API server: what each side believes of the protocol must fit together.
import { clusterKinds, type KubeServer, selfSignedCertificate, startKubeServer } from '@compute/kube-wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Informer } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import { isAlreadyExists, isConflict } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import { resourceKind } from './resource-kind.ts';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

const configMaps = resourceKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
const services = resourceKind({ group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true });
const machines = resourceKind({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  namespaced: true,
});

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
const ref = (name: string) => ({ namespace: 'default', name });

let server: KubeServer;
let client: KubeClient;

beforeEach(async () => {
  server = await startKubeServer({
    kinds: clusterKinds,
    tokens: { secret: { name: 'me', groups: ['system:masters'] } },
  });
  client = KubeClient.fromKubeconfigText(server.kubeconfig());
});

afterEach(async () => {
  await client.close();
  await server.close();
});

describe('against our API server', () => {
  it('creates, reads, replaces, patches and deletes', async () => {
    const created = await client.create(configMaps, map('a', { x: '1' }));
    await expect(client.create(configMaps, map('a'))).rejects.toSatisfy(isAlreadyExists);
    await client.mergePatch(configMaps, ref('a'), { data: { y: '2', x: null } });
    await expect(client.replace(configMaps, created)).rejects.toSatisfy(isConflict);
    await client.jsonPatch(configMaps, ref('a'), [{ op: 'add', path: '/data/z', value: '3' }]);
    expect((await client.get(configMaps, ref('a')))?.data).toEqual({ y: '2', z: '3' });
    expect(await client.delete(configMaps, ref('a'), { uid: 'another' })).toBe('absent');
    expect(await client.delete(configMaps, ref('a'), { uid: created.metadata.uid ?? '' })).toBe('deleted');
    expect(await client.get(configMaps, ref('a'))).toBeUndefined();
    expect(await client.delete(configMaps, ref('a'))).toBe('absent');
  });

  it('applies: takes fields, drops them again, and meets the fields of others', async () => {
    const mine = { fieldManager: 'mine' };
    await client.apply(configMaps, map('a', { x: '1', y: '1' }), mine);
    const applied = await client.apply(configMaps, map('a', { x: '2' }), mine);
    expect(applied.data).toEqual({ x: '2' });
    const theirs = map('a', { x: '3' });
    await expect(client.apply(configMaps, theirs, { fieldManager: 'theirs' })).rejects.toSatisfy(isConflict);
    const forced = await client.apply(configMaps, theirs, { fieldManager: 'theirs', force: true });
    expect(forced.data).toEqual({ x: '3' });
  });

  it('applies services and machines without losing a field', async () => {
    const spec = {
      type: 'LoadBalancer',
      selector: { a: 'b' },
      ports: [{ name: 'ssh', port: 22, targetPort: 22, protocol: 'TCP' }],
    };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: ref('s'), spec };
    expect(await client.apply(services, service, { fieldManager: 'm' })).toMatchObject({ spec });
    const machine = {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: ref('v'),
      spec: {
        runStrategy: 'Halted',
        template: {
          spec: {
            domain: { devices: { disks: [{ name: 'd', disk: { bus: 'virtio' } }] } },
            volumes: [{ name: 'd', emptyDisk: { capacity: '1Gi' } }],
          },
        },
      },
    };
    expect(await client.apply(machines, machine, { fieldManager: 'm' })).toMatchObject({ spec: machine.spec });
  });

  it('reads long lists page by page', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `m${index}`).sort();
    await Promise.all(names.map((name) => client.create(configMaps, map(name))));
    const { items } = await client.list(configMaps, { namespace: 'default', limit: 10 });
    expect(items.map((item) => item.metadata.name).filter((name) => name.startsWith('m'))).toEqual(names);
  });

  it('follows changes with an informer, and goes on after the connection was cut', async () => {
    const informer = new Informer<ConfigMap, string | undefined>({
      client,
      kind: configMaps,
      namespace: 'default',
      project: (object) => object.data?.x,
      backoff: { minMs: 1, maxMs: 5 },
      onError: () => undefined,
    });
    const seen: string[] = [];
    let woken = Promise.withResolvers<void>();
    informer.onChange(({ type, key, object }) => {
      seen.push(`${type} ${key} ${object}`);
      woken.resolve();
      woken = Promise.withResolvers<void>();
    });
    const until = async (line: string): Promise<void> => {
      while (!seen.includes(line)) await woken.promise;
    };
    await informer.start();
    await client.create(configMaps, map('a', { x: '1' }));
    await until('added default/a 1');
    await client.close();
    await client.mergePatch(configMaps, ref('a'), { data: { x: '2' } });
    await until('modified default/a 2');
    await client.delete(configMaps, ref('a'));
    await until('deleted default/a 2');
    await informer.stop();
    expect(seen.filter((line) => line.includes('default/a'))).toEqual([
      'added default/a 1',
      'modified default/a 2',
      'deleted default/a 2',
    ]);
  });
});

describe('over TLS', () => {
  it('trusts the authority of the kubeconfig, sends its token, and watches', async () => {
    const tokens = { secret: { name: 'me', groups: ['system:masters'] } };
    const secure = await startKubeServer({ kinds: clusterKinds, tls: selfSignedCertificate(['127.0.0.1']), tokens });
    const over = KubeClient.fromKubeconfigText(secure.kubeconfig());
    const informer = new Informer<ConfigMap>({ client: over, kind: configMaps, onError: () => undefined });
    await informer.start();
    const added = new Promise((resolve) => informer.onChange(({ key }) => key === 'default/t' && resolve(key)));
    await over.create(configMaps, map('t'));
    expect(await over.get(configMaps, ref('t'))).toBeDefined();
    await added;
    await informer.stop();
    await over.close();
    await secure.close();
  });

  it('refuses a server that another authority signed', async () => {
    const secure = await startKubeServer({ kinds: clusterKinds, tls: selfSignedCertificate(['127.0.0.1']) });
    const other = selfSignedCertificate(['127.0.0.1']);
    const wrong = secure
      .kubeconfig()
      .replace(/(certificate-authority-data"?: *"?)[^"\n]+/, `$1${Buffer.from(other.ca).toString('base64')}`);
    const over = KubeClient.fromKubeconfigText(wrong);
    await expect(over.list(configMaps)).rejects.toMatchObject({ status: 0, reason: 'Unreachable' });
    await over.close();
    await secure.close();
  });
});
