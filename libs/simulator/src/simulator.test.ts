import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ControlServer, startControl } from './control/control-server.ts';
import { startImageServer } from './images/image-server.ts';
import { dataVolumes, nodes, pods } from './kinds.ts';
import { virtualMachineInstances } from './kubevirt/kinds.ts';
import { services } from './loadbalancer/load-balancer.ts';
import { MachineStage } from './stories/machine-stage.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function open(options: Parameters<typeof MachineStage.open>[0] = {}): Promise<MachineStage> {
  const stage = await MachineStage.open(options);
  opened.push(() => stage.close());
  return stage;
}

async function control(stage: MachineStage): Promise<(method: string, path: string, body?: object) => Promise<Answer>> {
  const server: ControlServer = await startControl(stage.simulator);
  opened.push(() => server.close());
  return async (method, path, body) => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(server.url + path, { method, ...text });
    return { status: response.status, text: await response.text() };
  };
}

interface Answer {
  status: number;
  text: string;
}

test('machines that ran run on after a restart, with the same VMI, pod and addresses', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulator-'));
  opened.push(async () => rmSync(dir, { recursive: true }));
  const first = await MachineStage.open({ dir });
  await first.createVm('v');
  const vm = await first.shows('v', 'Running');
  const uid = first.vmi('v')?.metadata.uid;
  const pod = first.launcher('v');
  await first.close();
  const second = await open({ dir });
  const vmi = await second.client.get(virtualMachineInstances, { namespace: 'stories', name: 'v' });
  expect(vmi).toMatchObject({ metadata: { uid }, status: { phase: 'Running' } });
  const again = await second.client.get(pods, pod?.metadata ?? { name: '' });
  expect(again?.status).toMatchObject({ phase: 'Running', podIP: pod?.status?.podIP });
  const running = second.simulator.truth.intervals({ meter: 'vmi.running' });
  expect(running).toHaveLength(1);
  expect(running[0]).not.toHaveProperty('to');
  await second.call('v', 'stop');
  await second.until('it stops', () => second.vm('v')?.status?.printableStatus === 'Stopped');
  expect(vm.metadata.uid).toBe(second.vm('v')?.metadata.uid);
});

test('an import that a restart interrupts begins again and ends', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulator-'));
  opened.push(async () => rmSync(dir, { recursive: true }));
  const images = await startImageServer({ dataBytes: 2 ** 20 });
  opened.push(() => images.close());
  const first = await MachineStage.open({ dir });
  const disk = { ...first.ref('d'), annotations: { 'cdi.kubevirt.io/storage.bind.immediate.requested': '' } };
  const url = new URL('/small.qcow2?bytesPerSecond=1000000', images.url).href;
  await first.client.create(dataVolumes, {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: disk,
    spec: {
      source: { http: { url } },
      storage: { storageClassName: 'replicated', resources: { requests: { storage: '1Gi' } } },
    },
  });
  const phaseIn = (stage: MachineStage) => async (): Promise<string | undefined> =>
    (await stage.client.get(dataVolumes, stage.ref('d')))?.status?.phase;
  await expect.poll(phaseIn(first), { timeout: 10_000, interval: 10 }).toBe('ImportInProgress');
  await first.close();
  const second = await open({ dir });
  await expect.poll(phaseIn(second), { timeout: 15_000 }).toBe('Succeeded');
});

test('figures come after half a minute, and only from machines that run', async () => {
  const stage = await open({ timeScale: 400 });
  const metricsOf = (name: string) =>
    stage.client.raw<{ items: { containers: { usage: { cpu: string; memory: string } }[] }[] }>(
      'GET',
      `/apis/metrics.k8s.io/v1beta1/namespaces/stories/pods?labelSelector=vm.kubevirt.io/name=${name}`,
    );
  await stage.createVm('v');
  await stage.shows('v', 'Running');
  await expect.poll(async () => (await metricsOf('v')).items.length, { timeout: 10_000 }).toBe(1);
  const [usage] = (await metricsOf('v')).items.flatMap(({ containers }) => containers.map((one) => one.usage));
  expect(Number.parseInt(usage?.cpu ?? '', 10)).toBeGreaterThan(1_000_000);
  expect(Number.parseInt(usage?.memory ?? '', 10)).toBeGreaterThan(200 * 1024);
  await stage.call('v', 'stop');
  await stage.until('it stops', () => stage.vmi('v') === undefined);
  expect((await metricsOf('v')).items).toEqual([]);
});

const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'stories' },
  spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ name: 'port-22', port: 22 }] },
});

test('addresses are kept over changes, and an exhausted pool leaves a service pending until one is free', async () => {
  const stage = await open({ controllers: { loadBalancer: { pool: ['203.0.113.1', '203.0.113.2'] } } });
  const addressOf = async (name: string): Promise<string | undefined> =>
    (await stage.client.get(services, stage.ref(name)))?.status?.loadBalancer?.ingress?.[0]?.ip;
  await stage.client.create(services, service('a'));
  await expect.poll(() => addressOf('a'), { timeout: 5_000 }).toBe('203.0.113.1');
  await stage.client.create(services, service('b'));
  await expect.poll(() => addressOf('b'), { timeout: 5_000 }).toBe('203.0.113.2');
  await stage.client.create(services, service('c'));
  await stage.client.mergePatch(services, stage.ref('a'), { spec: { ports: [{ name: 'port-80', port: 80 }] } });
  await stage.client.create(services, service('d'));
  await stage.client.delete(services, stage.ref('b'));
  await expect.poll(() => addressOf('c'), { timeout: 5_000 }).toBe('203.0.113.2');
  expect(await addressOf('a')).toBe('203.0.113.1');
  expect(await addressOf('d')).toBeUndefined();
  await stage.client.mergePatch(services, stage.ref('a'), { spec: { type: 'ClusterIP' } });
  await expect.poll(() => addressOf('d'), { timeout: 5_000 }).toBe('203.0.113.1');
  expect(await addressOf('a')).toBeUndefined();
});

test('the control API explains itself and switches time, guests and nodes', async () => {
  const stage = await open();
  const call = await control(stage);
  expect((await call('GET', '/')).text).toContain('POST /switches');
  await call('PUT', '/time-scale', { timeScale: 60 });
  expect(stage.simulator.clock.scale).toBe(60);
  expect((await call('PUT', '/time-scale', { timeScale: -1 })).status).toBe(400);
  expect((await call('POST', '/switches', { nonsense: [] })).status).toBe(400);
  expect((await call('GET', '/nonsense')).status).toBe(404);
  await stage.createVm('v');
  await stage.shows('v', 'Running');
  const before = stage.vmi('v')?.metadata.uid;
  await call('POST', '/switches', { guests: [{ namespace: 'stories', name: 'v', ends: 'Failed' }] });
  await stage.until('another guest runs', () => {
    const vmi = stage.vmi('v');
    return vmi?.status?.phase === 'Running' && vmi.metadata.uid !== before;
  });
  await call('POST', '/switches', { hugepagesMissing: true });
  const withoutPages = await stage.client.get(nodes, { name: 'node1' });
  expect(withoutPages?.status?.allocatable?.['hugepages-2Mi']).toBe('0');
  await call('DELETE', '/switches');
  const withPages = await stage.client.get(nodes, { name: 'node1' });
  expect(withPages?.status?.allocatable).toEqual(withPages?.status?.capacity);
  const truth = JSON.parse((await call('GET', '/truth?meter=vmi.running')).text) as { intervals: { to?: string }[] };
  expect(truth.intervals.map(({ to }) => to !== undefined)).toEqual([true, false]);
});

test('controllers survive an API server that is away, cut watches and forgotten history', async () => {
  const stage = await open();
  const call = await control(stage);
  await call('POST', '/apiserver/away', { seconds: 0.3 });
  await call('POST', '/watch/expire');
  await expect
    .poll(
      () =>
        stage.createVm('v').then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  await call('POST', '/watch/cut');
  const phase = async (): Promise<string | undefined> =>
    (await stage.client.get(virtualMachineInstances, stage.ref('v')))?.status?.phase;
  await expect.poll(phase, { timeout: 15_000 }).toBe('Running');
});
