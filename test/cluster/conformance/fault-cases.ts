/**
 * The API server dies in the middle of the main job and comes back without its history: every watch is cut, and what was
 * followed from gets 410. Nothing is lost and nothing doubled.
 */
import { describe, expect, it } from 'vitest';
import { notRun } from './not-run.ts';
import type { Stage } from './stage.ts';

const SLOW_BYTES_PER_SECOND = 6_000_000;

export function faultCases(stage: () => Stage): void {
  describe('the main job', () => {
    it('ends well although the API server is killed and comes back without its history', async (context) => {
      const { server } = stage().cluster;
      if (server === undefined)
        return notRun(context, 'our server runs in the process of the test; its faults have suites of their own');
      const [vm, disk] = [stage().name('survivor'), stage().name('survivor-disk')];
      await stage().disk(disk, { source: { http: { url: stage().image(SLOW_BYTES_PER_SECOND) } } });
      await stage().machine(vm, { disks: [disk], external: true, externalPorts: [22] });
      await stage().phases({ [disk]: 'Importing' });
      await server.killApiServer();
      server.compactEtcd();
      await server.restartApiServer();
      await stage().phases({ [disk]: 'Ready', [vm]: 'Running' });
      const machines = (await stage().objectsOf(vm)).filter((name) => name.startsWith('VirtualMachine'));
      expect(machines).toEqual([`VirtualMachine/vm-instance-${vm}`, `VirtualMachineInstance/vm-instance-${vm}`]);
      await stage().deleteMachine(vm);
      await stage().deleteDisk(disk);
      await stage().leavesNothing(vm, disk);
    });
  });
}
