/** The library, the planners and a simulated cluster with real controllers' habits: nothing is written by hand here. */
import { randomUUID } from 'node:crypto';
import type { VmDisk, VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RowLoop } from './fixtures/row-loop.ts';
import { diskRow, vmRow } from './fixtures/rows.ts';
import { type SimulatedCluster, startSimulatedCluster } from './fixtures/simulated-cluster.ts';

let simulated: SimulatedCluster;

beforeAll(async () => {
  simulated = await startSimulatedCluster();
});
afterAll(() => simulated.close());

const disk = (name: string, spec: Partial<VmDisk['spec']> = {}) =>
  diskRow({ storage: '5Gi', ...spec }, { uid: randomUUID(), name });
const machine = (spec: Partial<VmInstance['spec']>) => vmRow(spec, { uid: randomUUID() });
const image = (path: string) => ({ http: { url: `${simulated.simulator.images?.url}${path}` } });
const removing = { deletionRequestedAt: new Date() };

/** Runs a story over a project of its own, and fails with what the rows told when it does not end. */
async function tell(story: (loop: RowLoop, namespace: string) => Promise<void>): Promise<void> {
  const { loop, namespace } = simulated.openLoop();
  const dump = AbortSignal.timeout(25_000);
  const stuck = new Promise<never>((_, reject) => {
    dump.addEventListener('abort', () =>
      reject(new Error([...loop.story, ...loop.troubles.map((trouble) => JSON.stringify(trouble))].join('\n'))),
    );
  });
  try {
    await Promise.race([story(loop, namespace), stuck]);
  } finally {
    loop.stop();
  }
}

it('a machine waits for its disks, runs, stops, starts, and leaves nothing when all of it is deleted', () =>
  tell(async (loop, namespace) => {
    const system = disk('system', { source: image('ubuntu.qcow2') });
    const data = disk('data');
    const vm = machine({
      external: true,
      externalPorts: [22],
      instanceType: 's1.small',
      disks: ['system', 'data'],
      sshKeys: ['ssh-rsa A'],
    });
    for (const row of [vm, system, data]) loop.put(row);
    await loop.until(() => loop.phaseOf(vm) === 'Running');
    expect(loop.rows.get(system.uid)?.status).toMatchObject({
      capacity: '5Gi',
      import: { phase: 'Done', percent: 100 },
    });
    await loop.until(() => loop.rows.get(vm.uid)?.status !== undefined && addressOf(loop, vm) !== undefined);

    loop.edit(vm, { spec: { ...vm.spec, running: false } });
    await loop.until(() => loop.phaseOf(vm) === 'Stopped');
    loop.edit(vm, { spec: { ...vm.spec, external: false } });
    await loop.until(() => loop.phaseOf(vm) === 'Running');
    await loop.until(() => addressOf(loop, vm) === undefined);

    for (const row of [system, data, vm]) loop.edit(row, removing);
    await loop.until(() => loop.rows.size === 0);
    for (const row of [system, data, vm]) expect(await simulated.cluster.leftovers(row, namespace)).toEqual([]);
    expect(loop.troubles).toEqual([]);
  }));

it('a disk whose source is not there fails for good with its code, and its DataVolume is taken away', () =>
  tell(async (loop) => {
    const lost = disk('lost', { source: image('nowhere.img') });
    loop.put(lost);
    await loop.until(() => loop.phaseOf(lost) === 'Failed');
    expect(loop.rows.get(lost.uid)?.status.failure).toMatchObject({ code: 'SourceNotFound' });
    const seen = () => simulated.cluster.observeDisk({ disk: lost, namespace: loop.namespace });
    await loop.until(() => seen().dataVolume === undefined && seen().claim === undefined);
  }));

it('a disk grows while nothing is lost, and is cloned', () =>
  tell(async (loop) => {
    const origin = disk('origin');
    loop.put(origin);
    await loop.until(() => loop.phaseOf(origin) === 'Ready');
    loop.edit(origin, { spec: { ...origin.spec, storage: '7Gi' } });
    await loop.until(() => loop.phaseOf(origin) === 'Ready' && capacityOf(loop, origin) === '7Gi');
    const copy = disk('copy', { source: { disk: { name: 'origin' } }, storage: '7Gi' });
    loop.put(copy);
    await loop.until(() => loop.phaseOf(copy) === 'Ready');
  }));

it('a CD-ROM and custom resources pass KubeVirt’s admission', () =>
  tell(async (loop) => {
    const iso = disk('iso', { optical: true });
    const resources = { cpu: '2', sockets: '2', memory: '4Gi' };
    const vm = machine({ instanceType: '', resources, disks: [{ name: 'iso', bus: 'virtio' }] });
    for (const row of [iso, vm]) loop.put(row);
    await loop.until(() => loop.phaseOf(vm) === 'Running');
    expect(loop.troubles).toEqual([]);
  }));

function addressOf(loop: RowLoop, vm: VmInstance): string | undefined {
  const row = loop.rows.get(vm.uid);
  return row?.kind === 'VMInstance' ? row.status.addresses?.external : undefined;
}

function capacityOf(loop: RowLoop, row: VmDisk): string | undefined {
  const current = loop.rows.get(row.uid);
  return current?.kind === 'VMDisk' ? current.status.capacity : undefined;
}
