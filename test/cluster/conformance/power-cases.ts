/** What is asked of a machine beside its spec, and disks that come and go while it runs. */
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { describe, expect, it, type TestContext } from 'vitest';
import { notRun } from './not-run.ts';
import { soon } from './soon.ts';
import type { Stage } from './stage.ts';

interface Instance extends KubeObject {
  readonly status?: {
    readonly volumeStatus?: readonly {
      readonly phase?: string;
      readonly hotplugVolume?: object;
      readonly persistentVolumeClaimInfo?: { readonly claimName: string };
    }[];
  };
}

const INSTANCES = resourceKind<Instance>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  namespaced: true,
});

export function powerCases(stage: () => Stage): void {
  const instance = async (vm: string): Promise<Instance | undefined> => {
    const ref = { name: `vm-instance-${vm}`, namespace: await stage().namespace() };
    return stage().admin.get(INSTANCES, ref);
  };
  const incarnation = async (vm: string): Promise<string | undefined> => (await instance(vm))?.metadata.uid;

  describe.concurrent('the power of a machine', () => {
    it('is cut and given again by a restart, which makes a new incarnation', async () => {
      const vm = stage().name('restarted');
      await stage().machine(vm);
      await stage().phases({ [vm]: 'Running' });
      const before = await incarnation(vm);
      await stage().act(vm, 'restart');
      await soon(async () => expect(await incarnation(vm)).not.toBeOneOf([before, undefined]));
      await stage().phases({ [vm]: 'Running' });
      await stage().deleteMachine(vm);
    });

    it('is cut at once by force', async () => {
      const vm = stage().name('forced');
      await stage().machine(vm);
      await stage().phases({ [vm]: 'Running' });
      await stage().act(vm, 'stop', { force: true });
      await stage().phases({ [vm]: 'Stopped' });
      await stage().deleteMachine(vm);
    });

    it('is given by a start where the cluster gives none by itself: after the guest has shut down', async (context) => {
      needsSubresources(context, stage());
      const vm = stage().name('ended');
      await stage().machine(vm, { runStrategy: 'RerunOnFailure' });
      await stage().phases({ [vm]: 'Running' });
      const { guests } = stage().cluster.players;
      const namespace = await stage().namespace();
      guests.add({ namespace, name: `vm-instance-${vm}`, ends: 'Succeeded' });
      await stage().phases({ [vm]: 'Stopped' });
      await stage().act(vm, 'start');
      await stage().phases({ [vm]: 'Running' });
      await stage().deleteMachine(vm);
    });

    it('stays on while its guest is paused', async (context) => {
      needsSubresources(context, stage());
      const vm = stage().name('paused');
      await stage().machine(vm);
      await stage().phases({ [vm]: 'Running' });
      await stage().act(vm, 'pause');
      await stage().phases({ [vm]: 'Paused' });
      await stage().act(vm, 'unpause');
      await stage().phases({ [vm]: 'Running' });
      await stage().deleteMachine(vm);
    });

    it('stays on while a disk comes and goes', async (context) => {
      needsSubresources(context, stage());
      const [vm, system, data] = ['plugged', 'system', 'data'].map((stem) => stage().name(stem)) as [
        string,
        string,
        string,
      ];
      await stage().disk(system, { source: {} });
      await stage().disk(data, { source: {} });
      await stage().machine(vm, { disks: [system] });
      await stage().phases({ [system]: 'Ready', [data]: 'Ready', [vm]: 'Running' });
      const before = await incarnation(vm);
      await stage().editMachine(vm, { disks: [system, { name: data, bus: 'scsi' }] });
      await soon(async () => expect(await plugged(vm)).toEqual([`vm-disk-${data} Ready`]));
      await stage().editMachine(vm, { disks: [system] });
      await soon(async () => expect(await plugged(vm)).toEqual([]));
      expect(await incarnation(vm)).toBe(before);
      await stage().deleteMachine(vm);
      await stage().deleteDisk(system);
      await stage().deleteDisk(data);
    });
  });

  /** The disks that came to the incarnation while it ran, as far as the guest has them, until nothing is left of them. */
  const plugged = async (vm: string): Promise<string[]> => {
    const volumes = (await instance(vm))?.status?.volumeStatus ?? [];
    return volumes
      .filter(({ hotplugVolume }) => hotplugVolume !== undefined)
      .map(({ persistentVolumeClaimInfo, phase }) => `${persistentVolumeClaimInfo?.claimName} ${phase}`);
  };
}

function needsSubresources(context: TestContext, { cluster }: Stage): void {
  const { server, controllers } = cluster.combination;
  if (server === 'real' && controllers === 'ours')
    notRun(context, 'virt-api, which serves the request, belongs to the real controllers');
}
