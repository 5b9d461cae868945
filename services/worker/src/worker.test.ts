/** The worker end to end: real Postgres, real Redis, a real API server over HTTP on which CDI and KubeVirt are played. */
import { StatusError } from '@compute/kube-wire';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FaultPoints } from './fault-points.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

let stack: WorkerStack;
beforeEach(async () => {
  stack = await WorkerStack.start();
});
afterEach(() => stack.close());

const usedQuota = async () => (await stack.store.quota.counters(stack.project)).filter(({ used }) => used > 0);

async function publishedMeters(): Promise<string[]> {
  const { events } = await stack.store.usage.events({ project: stack.project, limit: 100 });
  return [...new Set(events.map(({ meter }) => meter))].sort();
}

test('two disks import, the machine comes up, and deleting all of it leaves only history', async () => {
  await stack.startWorker();
  const vm = await stack.wantVm('web', { disks: ['system', 'data'], cloudInit: '#cloud-config\n', external: true });
  const system = await stack.wantDisk('system');
  const data = await stack.wantDisk('data', { source: {} });
  await stack.untilPhase(system, 'Ready');
  await stack.untilPhase(data, 'Ready');
  const running = await stack.untilPhase(vm, 'Running');
  expect(running.status.disks).toEqual([
    { name: 'system', ready: true, attached: true },
    { name: 'data', ready: true, attached: true },
  ]);
  await stack.until(system, (now) => now?.status.attachedTo.includes('web') ?? false);
  expect(await usedQuota()).not.toEqual([]);

  await stack.requestDeletion(vm);
  await stack.untilGone(vm);
  await stack.requestDeletion(system);
  await stack.requestDeletion(data);
  await Promise.all([stack.untilGone(system), stack.untilGone(data)]);
  expect(await stack.cluster.objects()).toEqual([]);
  expect(await usedQuota()).toEqual([]);
  const { items } = await stack.store.history({ project: stack.project, uid: vm.uid, limit: 100 });
  const phases = items.filter(({ type }) => type === 'Phase').map(({ to }) => to);
  expect(phases).toContain('Running');
  expect(phases[0]).toBe('Deleted');
  await vi.waitFor(
    async () => expect(await publishedMeters()).toEqual(['disk.allocated', 'vm.allocated', 'vm.running']),
    {
      timeout: 5_000,
    },
  );
});

test('a machine that should not run ends as Stopped, and starts when it should', async () => {
  await stack.startWorker();
  const vm = await stack.wantVm('web', { running: false });
  await stack.untilPhase(vm, 'Stopped');
  await stack.editVm(vm, { running: true });
  await stack.untilPhase(vm, 'Running');
});

test('a source that is not there fails the disk, and the endless import is taken from the cluster', async () => {
  await stack.cluster.imports('not-found');
  await stack.startWorker();
  const disk = await stack.wantDisk('system');
  const failed = await stack.untilPhase(disk, 'Failed');
  expect(failed.status.failure).toMatchObject({ code: expect.any(String), retryable: expect.any(Boolean) });
  await vi.waitFor(async () => expect(await stack.cluster.objects()).toEqual([]));
});

test('what admission refuses stands on the machine in its words, and is not asked again and again', async () => {
  stack.cluster.refuse(({ resource, verb }) =>
    resource === 'virtualmachines.kubevirt.io' && verb !== 'delete'
      ? new StatusError(422, 'Invalid', 'admission webhook "v" denied the request: no such bus')
      : undefined,
  );
  await stack.startWorker();
  const vm = await stack.wantVm('web');
  const refused = await stack.until(vm, (now) =>
    (now?.status.conditions ?? []).some(({ reason }) => reason === 'RefusedByCluster'),
  );
  const condition = refused?.status.conditions.find(({ type }) => type === 'SpecApplied');
  expect(condition).toMatchObject({ status: 'False', message: 'The cluster refuses the spec: no such bus' });

  stack.cluster.refuse(undefined);
  await stack.editVm(vm, { cloudInitSeed: 'again' });
  await stack.untilPhase(vm, 'Running');
});

test('a cluster that answers nothing useful is asked again until it does', async () => {
  let failures = 3;
  stack.cluster.refuse(() => (failures-- > 0 ? new StatusError(503, 'ServiceUnavailable', 'busy') : undefined));
  await stack.startWorker();
  const disk = await stack.wantDisk('system', { source: {} });
  await stack.untilPhase(disk, 'Ready');
});

test('progress is visible while an import runs, never falls, and costs no history', async () => {
  await stack.cluster.imports({ at: 10 });
  await stack.startWorker();
  const disk = await stack.wantDisk('system');
  await stack.until(disk, (now) => now?.status.import?.percent === 10);
  await stack.cluster.imports({ at: 60 });
  await stack.until(disk, (now) => now?.status.import?.percent === 60);
  await stack.cluster.imports({ at: 5 });
  await stack.cluster.imports({ at: 70 });
  const seventy = await stack.until(disk, (now) => (now?.status.import?.percent ?? 100) !== 60);
  expect(seventy?.status.import?.percent).toBe(70);
  const { items } = await stack.store.history({ project: stack.project, uid: disk.uid, limit: 100 });
  expect(items.filter(({ type }) => type === 'Phase').map(({ to }) => to)).toEqual(['Importing', 'Pending']);
});

test('two workers do nothing twice', async () => {
  await Promise.all([stack.startWorker(), stack.startWorker()]);
  const disks = await Promise.all(['a', 'b', 'c', 'd'].map((name) => stack.wantDisk(name)));
  const vms = await Promise.all(disks.map(({ name }) => stack.wantVm(`vm-${name}`, { disks: [name] })));
  await Promise.all(vms.map((vm) => stack.untilPhase(vm, 'Running')));
  const applies = stack.cluster.writes.filter((write) => /datavolumes|virtualmachines/.test(write));
  expect(applies.toSorted()).toEqual([...new Set(applies)].toSorted());
  expect(applies).toHaveLength(8);
});

test('emptying Redis again and again loses nothing', async () => {
  const fragile = await WorkerStack.start({ ownRedis: true });
  try {
    await fragile.startWorker();
    const names = Array.from({ length: 8 }, (_, index) => `vm-${index}`);
    const vms = await Promise.all(
      names.map(async (name) => {
        await fragile.wantDisk(name);
        return fragile.wantVm(name, { disks: [name] });
      }),
    );
    const running = Promise.all(vms.map((vm) => fragile.untilPhase(vm, 'Running')));
    let isOver = false;
    running.finally(() => {
      isOver = true;
    });
    for (let flush = 0; flush < 20 && !isOver; flush += 1) await fragile.flushRedis();
    await running;
  } finally {
    await fragile.close();
  }
});

test('a worker that stumbles once at every named point still brings everything up and down', async () => {
  const stumbled = new Set<string>();
  const points: FaultPoints = {
    reached: (point) => {
      if (stumbled.has(point)) return;
      stumbled.add(point);
      throw new Error(`stumbled ${point}`);
    },
  };
  await stack.startWorker({ points, pace: { retry: { firstMs: 20, ceilingMs: 100 }, sweepEveryMs: 50 } });
  const disk = await stack.wantDisk('system');
  const vm = await stack.wantVm('web', { disks: ['system'], cloudInit: '#cloud-config\n' });
  await stack.untilPhase(vm, 'Running');
  await stack.requestDeletion(vm);
  await stack.untilGone(vm);
  await stack.requestDeletion(disk);
  await stack.untilGone(disk);
  expect(await stack.cluster.objects()).toEqual([]);
  expect(await usedQuota()).toEqual([]);
  expect(stumbled.size).toBeGreaterThan(20);
});

test('metrics and readiness tell of the work', async () => {
  const { metricsUrl } = await stack.startWorker();
  const disk = await stack.wantDisk('system', { source: {} });
  await stack.untilPhase(disk, 'Ready');
  const page = await (await fetch(metricsUrl)).text();
  expect(page).toMatch(/compute_reconcile_duration_seconds_count\{.*kind="VMDisk",outcome="done".*\} [1-9]/);
  expect(page).toMatch(/compute_outbox_relayed_total\{.*\} [1-9]/);
  expect((await fetch(metricsUrl.replace('/metrics', '/readyz'))).status).toBe(200);
});
