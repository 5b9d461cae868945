/** A worker samples what the machines of the simulated cluster use, over the wire, while they run and only then. */
import { performanceRange, type VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SimulatedCluster } from '../fixtures/simulated-cluster.ts';
import { WorkerStack } from '../fixtures/worker-stack.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };
let stack: WorkerStack<SimulatedCluster>;
let metricsUrl: string;
beforeAll(async () => {
  const often = { PERFORMANCE_SAMPLING_SECONDS: '1' };
  stack = await WorkerStack.startOn(await SimulatedCluster.start(), undefined, often);
  metricsUrl = (await stack.startWorker()).metricsUrl;
}, 60_000);
afterAll(() => stack.close());

const latest = async () =>
  (
    await stack.store.performance.latest({ project: stack.project, withinMs: 60_000, phases: ['Running', 'Stopped'] })
  )[0];
/** How often the worker has sampled all that there was. */
async function roundsSince(): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return Number(/^compute_last_sample_timestamp_seconds\{[^}]*\} (\S+)$/m.exec(text)?.[1] ?? 0);
}

test('a machine that runs is sampled, one that was stopped is not any more', async () => {
  const vm = await stack.wantVm('sampled', { running: true });
  const running: VmInstance = await stack.untilPhase(vm, 'Running');
  const first = await vi.waitFor(async () => {
    const found = await latest();
    expect(found?.name).toBe('sampled');
    return found;
  }, PATIENCE);
  expect(first?.figures.cpuCores).toBeGreaterThan(0);
  expect(first?.figures.memoryBytes).toBeGreaterThan(1e6);
  expect(first?.figures).not.toHaveProperty('diskReadBytesPerSecond');
  await vi.waitFor(async () => {
    const points = await stack.store.performance.range(vm.uid, performanceRange({}, new Date()));
    expect(points.at(-1)?.figures.cpuCores?.average).toBeGreaterThan(0);
  }, PATIENCE);
  await stack.editVm(running, { running: false });
  await stack.untilPhase(vm, 'Stopped');
  const stoppedAt = (await latest())?.at;
  const sampledAt = await roundsSince();
  await vi.waitFor(async () => expect(await roundsSince()).toBeGreaterThan(sampledAt + 1), PATIENCE);
  expect((await latest())?.at).toEqual(stoppedAt);
}, 120_000);
