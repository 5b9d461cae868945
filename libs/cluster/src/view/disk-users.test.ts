import { expect, it } from 'vitest';
import { DiskUsers } from './disk-users.ts';
import type { ProjectedMachine } from './projections.ts';

const machine = (vmName: string, disks: string[]): ProjectedMachine => ({
  row: undefined,
  vmName,
  observed: {
    uid: vmName,
    phase: 'Running',
    deleting: false,
    paused: false,
    migrating: false,
    agentConnected: false,
    ips: [],
    disks,
  },
});

it('tells the machines of a disk as they come, change and go, and keeps namespaces apart', () => {
  const users = new DiskUsers();
  users.update('n', undefined, machine('b', ['iso', 'root']));
  users.update('n', undefined, machine('a', ['iso']));
  expect(users.of('n', 'iso')).toEqual(['a', 'b']);
  expect(users.of('other', 'iso')).toEqual([]);

  users.update('n', machine('b', ['iso', 'root']), machine('b', ['root']));
  expect(users.of('n', 'iso')).toEqual(['a']);
  expect(users.of('n', 'root')).toEqual(['b']);

  users.update('n', machine('a', ['iso']), undefined);
  expect(users.of('n', 'iso')).toEqual([]);
});
