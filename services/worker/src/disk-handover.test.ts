/** A disk changes hands at the worst moments: while a machine is applied but has not started, and while it is being applied. */
import type { VmDisk, VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaultPoints } from './fault-points.ts';
import { SimulatedStory } from './fixtures/simulated-story.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

const LIMIT_MS = 60_000;

/** Holds up each attempt to give one machine's manifest to the cluster. */
class Gate implements FaultPoints {
  name = '';
  readonly #open = new Map<string, PromiseWithResolvers<void>>();
  readonly #arrived = new Map<string, PromiseWithResolvers<void>>();

  close(name: string): void {
    this.name = name;
    this.#open.set(name, Promise.withResolvers());
    this.#arrived.set(name, Promise.withResolvers());
  }

  open(): void {
    this.#open.get(this.name)?.resolve();
    this.name = '';
  }

  arrival(): Promise<void> | undefined {
    return this.#arrived.get(this.name)?.promise;
  }

  async reached(...[point, subject]: Parameters<FaultPoints['reached']>): Promise<void> {
    if (point !== 'before:perform:VMInstance:applyVirtualMachine' || subject?.name !== this.name) return;
    this.#arrived.get(this.name)?.resolve();
    await this.#open.get(this.name)?.promise;
  }
}

const gate = new Gate();
let stack: WorkerStack<SimulatedStory>;
beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedStory.start());
  await stack.startWorker({ points: gate });
});
afterAll(() => stack.close());

const blank = (name: string): Promise<VmDisk> => stack.wantDisk(name, { source: {}, storage: '1Gi' });
const isWaiting = (vm: VmInstance | undefined) =>
  vm?.status.conditions.find(({ type }) => type === 'DisksReady')?.reason === 'DiskInUse';

test(
  'a machine that was applied with a disk and has not started yet still holds it, until it is applied without',
  async () => {
    const disk = await blank('reserved');
    const first = await stack.wantVm('first', { disks: ['reserved'], runStrategy: 'Manual' });
    await stack.untilPhase(disk, 'Ready');
    const off = await stack.untilPhase(first, 'Stopped');
    gate.close('first');
    await stack.editVm(off, { disks: [] });
    await gate.arrival();
    const second = await stack.wantVm('second', { disks: ['reserved'] });
    const blocked = await stack.until(second, isWaiting);
    expect(blocked?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisksReady', message: "Disk 'reserved' is still held by first." }),
    );
    expect(((await stack.store.getByUid(disk.uid)) as VmDisk).status.attachedTo).toEqual(['first']);
    gate.open();
    await stack.untilPhase(second, 'Running');
    await stack.until(disk, (now) => String(now?.status.attachedTo) === 'second');
    expect(stack.cluster.mostHoldersOf('reserved')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'a manifest that became outdated on its way to the cluster is not applied any more',
  async () => {
    const disk = await blank('contested');
    await stack.untilPhase(disk, 'Ready');
    gate.close('slow');
    const slow = await stack.wantVm('slow', { disks: ['contested'] });
    await gate.arrival();
    await stack.editVm(slow, { disks: [] });
    const quick = await stack.wantVm('quick', { disks: ['contested'] });
    await stack.untilPhase(quick, 'Running');
    gate.open();
    await stack.untilPhase(slow, 'Running');
    expect(stack.cluster.mostHoldersOf('contested')).toBe(1);
  },
  LIMIT_MS,
);
