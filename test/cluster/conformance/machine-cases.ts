/** Machines: power, exposure, edits, and deletion in every phase. */
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../stories/rest-client.ts';
import type { Stage } from './stage.ts';

const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm conformance';

const addressOf = ({ status }: Manifest): string | undefined => status.addresses?.external;
const wantsRestart = ({ status }: Manifest): boolean => 'restartRequired' in status;

export function machineCases(stage: () => Stage): void {
  describe.concurrent('a machine', () => {
    it('waits for its disks, runs, stops and starts again, and leaves its disks when it is deleted', async () => {
      const [vm, system, data] = ['machine', 'system', 'data'].map((stem) => stage().name(stem)) as [
        string,
        string,
        string,
      ];
      await stage().machine(vm, {
        disks: [system, data],
        sshKeys: [SSH_KEY],
        cloudInit: '#cloud-config\n',
      });
      await stage().disk(system, { source: { http: { url: stage().image() } } });
      await stage().disk(data, { source: {} });
      await stage().phases({ [system]: 'Ready', [data]: 'Ready', [vm]: 'Running' });
      await stage().editMachine(vm, { running: false });
      await stage().phases({ [vm]: 'Stopped' });
      await stage().editMachine(vm, { running: true });
      await stage().phases({ [vm]: 'Running' });
      await stage().deleteMachine(vm);
      await stage().leavesNothing(vm);
      expect(await stage().objectsOf(system, data)).toHaveLength(4);
      await stage().deleteDisk(system);
      await stage().deleteDisk(data);
      await stage().leavesNothing(system, data);
    });

    it('with a CD-ROM, a disk on a bus of its own and a size of its own runs', async () => {
      const [vm, cdrom, scsi] = ['custom', 'cdrom', 'scsi'].map((stem) => stage().name(stem)) as [
        string,
        string,
        string,
      ];
      const iso = new URL('installer.iso', stage().stack.facts.images).href;
      await stage().disk(cdrom, { source: { http: { url: iso } }, optical: true });
      await stage().disk(scsi, { source: {} });
      await stage().machine(vm, {
        instanceType: '',
        instanceProfile: 'ubuntu',
        resources: { cpu: '2', sockets: '1', memory: '2Gi' },
        disks: [{ name: scsi, bus: 'scsi' }, { name: cdrom }],
      });
      await stage().phases({ [vm]: 'Running' });
      await stage().deleteMachine(vm);
      await stage().deleteDisk(cdrom);
      await stage().deleteDisk(scsi);
    });

    it('is exposed, keeps its address while its ports change, and loses it when it is exposed no more', async () => {
      const vm = stage().name('exposed');
      await stage().machine(vm, { external: true, externalMethod: 'PortList', externalPorts: [22, 443] });
      const first = await stage().until(vm, (now) => addressOf(now) !== undefined);
      await stage().editMachine(vm, { externalMethod: 'WholeIP', externalPorts: [] });
      await stage().phases({ [vm]: 'Running' });
      expect(addressOf(await stage().rest.json<Manifest>(`vm-instances/${vm}`))).toBe(addressOf(first));
      await stage().editMachine(vm, { external: false });
      await stage().until(vm, (now) => addressOf(now) === undefined);
      await stage().deleteMachine(vm);
      await stage().leavesNothing(vm);
    });

    it('asks for a restart when its type is changed, and asks no more when it was stopped and started', async () => {
      const vm = stage().name('edited');
      await stage().machine(vm);
      await stage().phases({ [vm]: 'Running' });
      await stage().editMachine(vm, { instanceType: 'u1.medium' });
      await stage().until(vm, wantsRestart);
      await stage().editMachine(vm, { running: false });
      await stage().phases({ [vm]: 'Stopped' });
      await stage().editMachine(vm, { running: true });
      await stage().until(vm, (now) => now.status.phase === 'Running' && !wantsRestart(now));
      await stage().deleteMachine(vm);
    });

    it.each([
      ['before it was seen', async () => undefined],
      [
        'while it starts',
        async (vm: string) => void (await stage().until(vm, ({ status }) => status.phase !== 'Pending')),
      ],
      ['while it runs', async (vm: string) => void (await stage().phases({ [vm]: 'Running' }))],
    ])('leaves nothing behind when it is deleted %s', async (_, moment) => {
      const vm = stage().name('leaving');
      await stage().machine(vm, { external: true, externalPorts: [22], sshKeys: [SSH_KEY] });
      await moment(vm);
      await stage().deleteMachine(vm);
      await stage().leavesNothing(vm);
    });

    it('that names a disk which fails says so and does not run', async () => {
      const [vm, disk] = [stage().name('waiting'), stage().name('lost')];
      await stage().disk(disk, { source: { http: { url: new URL('404', stage().stack.facts.images).href } } });
      await stage().machine(vm, { disks: [disk] });
      await stage().phases({ [disk]: 'Failed' });
      expect((await stage().rest.json<Manifest>(`vm-instances/${vm}`)).status.phase).not.toBe('Running');
      await stage().deleteMachine(vm);
      await stage().deleteDisk(disk);
    });
  });
}
