/** What is asked of a machine beside its spec, and disks that come and go while it runs. */
import { resourceKind } from '@compute/kube-client';
import { describe, expect, it, type TestContext } from 'vitest';
import { notRun } from './not-run.ts';
import { soon } from './soon.ts';
import type { Stage } from './stage.ts';

const INSTANCES = resourceKind({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  namespaced: true,
});

export function powerCases(stage: () => Stage): void {
  const incarnation = async (vm: string): Promise<string | undefined> => {
    const ref = { name: `vm-instance-${vm}`, namespace: await stage().namespace() };
    return (await stage().admin.get(INSTANCES, ref))?.metadata.uid;
  };

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
      if (stage().cluster.server !== undefined)
        return notRun(context, 'virt-handler, which pauses guests, answers no calls');
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
      await soon(async () => expect(await volumes(vm)).toContain(`vm-disk-${data}`));
      await stage().editMachine(vm, { disks: [system] });
      await soon(async () => expect(await volumes(vm)).not.toContain(`vm-disk-${data}`));
      expect(await incarnation(vm)).toBe(before);
      await stage().deleteMachine(vm);
      await stage().deleteDisk(system);
      await stage().deleteDisk(data);
    });
  });

  /** Names of the volumes' sources of the incarnation. */
  const volumes = async (vm: string): Promise<string[]> => {
    const ref = { name: `vm-instance-${vm}`, namespace: await stage().namespace() };
    const found = (await stage().admin.get(INSTANCES, ref)) as unknown as Instance | undefined;
    return (found?.spec.volumes ?? []).map(({ dataVolume }) => dataVolume?.name ?? '');
  };
}

interface Instance {
  readonly spec: { readonly volumes?: readonly { readonly dataVolume?: { readonly name: string } }[] };
}

function needsSubresources(context: TestContext, { cluster }: Stage): void {
  const { server, controllers } = cluster.combination;
  if (server === 'real' && controllers === 'ours')
    notRun(context, 'virt-api, which serves the request, belongs to the real controllers');
}
