/** The worker on the simulated cluster, whose CDI really downloads and whose KubeVirt takes its time; time runs faster. */
import { type ImageServer, startImageServer } from '@compute/simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedCluster } from './fixtures/simulated-cluster.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

let images: ImageServer;
let stack: WorkerStack<SimulatedCluster>;
beforeAll(async () => {
  images = await startImageServer();
  stack = await WorkerStack.startOn(await SimulatedCluster.start());
  await stack.startWorker();
});
afterAll(async () => {
  await stack.close();
  await images.close();
});

test('an image is downloaded, a machine comes up with it, and all of it goes away again', async () => {
  const vm = await stack.wantVm('production', {
    disks: ['system', 'data'],
    cloudInit: '#cloud-config\n',
    external: true,
  });
  const system = await stack.wantDisk('system', {
    source: { http: { url: `${images.url}ubuntu.qcow2` } },
    storage: '20Gi',
  });
  const data = await stack.wantDisk('data', { source: {} });
  await Promise.all([stack.untilPhase(system, 'Ready'), stack.untilPhase(data, 'Ready')]);
  await stack.untilPhase(vm, 'Running');
  await stack.requestDeletion(vm);
  await stack.untilGone(vm);
  await Promise.all([stack.requestDeletion(system), stack.requestDeletion(data)]);
  await Promise.all([stack.untilGone(system), stack.untilGone(data)]);
  expect(await stack.cluster.objects()).toEqual([]);
  expect((await stack.store.quota.counters(stack.project)).filter(({ used }) => used > 0)).toEqual([]);
}, 120_000);

test('a machine that runs can be stopped and started', async () => {
  const vm = await stack.wantVm('switched', { running: true });
  const running = await stack.untilPhase(vm, 'Running');
  await stack.editVm(running, { running: false });
  await stack.untilPhase(vm, 'Stopped');
  await stack.editVm(running, { running: true });
  await stack.untilPhase(vm, 'Running');
}, 120_000);

test('an image that does not exist fails its disk in bounded time', async () => {
  const disk = await stack.wantDisk('missing', { source: { http: { url: `${images.url}no-such-image.qcow2` } } });
  const failed = await stack.untilPhase(disk, 'Failed');
  expect(failed.status.failure?.code).toEqual(expect.any(String));
}, 120_000);
