import type { DiskPhase, ObservedObject } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { diskRow, VM_UID, vmRow } from '../fixtures/rows.ts';
import { type DiskSightings, diskObserved, diskState, type VmSightings, vmObserved } from './observe.ts';
import type { Projected } from './projections.ts';

const at = new Date('2026-11-22T12:00:00Z');
const nothing: VmSightings & DiskSightings = {
  at,
  namespaceExists: true,
  virtualMachine: undefined,
  machine: undefined,
  service: undefined,
  cloudInitSecret: undefined,
  sshKeysSecret: undefined,
  dataVolume: undefined,
  claim: undefined,
  usedByMachines: [],
  usersOfDisk: () => [],
  isNormalForm: () => false,
};
const secret = (uid: string | undefined): Projected<ObservedObject> => ({
  row: uid === undefined ? undefined : { kind: 'VMInstance', uid },
  observed: { uid: 'secret', deleting: false },
});

describe('what a planner sees', () => {
  it('is an object of this row', () => {
    const seen = vmObserved(vmRow(), [], { ...nothing, cloudInitSecret: secret(VM_UID) });
    expect(seen.cloudInitSecret).toEqual({ uid: 'secret', deleting: false });
  });

  it.each([
    ['another row', 'other'],
    ['nobody', undefined],
  ])('is not an object of %s that bears our name', (_who, uid) => {
    const seen = vmObserved(vmRow(), [], { ...nothing, cloudInitSecret: secret(uid) });
    expect(seen.cloudInitSecret).toBeUndefined();
  });

  it('is who uses a disk', () => {
    expect(diskObserved(diskRow(), { ...nothing, usedByMachines: ['web'] }).usedByMachines).toEqual(['web']);
  });

  it('is every disk of the spec in its order, also those that do not exist', () => {
    const disks = [diskRow({ optical: true }, { name: 'iso', phase: 'Ready' })];
    const seen = vmObserved(vmRow({ disks: ['missing', { name: 'iso', bus: 'sata' }] }), disks, nothing);
    expect(seen.disks).toEqual([
      { name: 'missing', state: 'missing', optical: false },
      { name: 'iso', state: 'ready', optical: true },
    ]);
  });
});

describe('a disk that another machine has plugged in', () => {
  const data = diskRow({}, { name: 'data', phase: 'Ready' });
  const iso = diskRow({ optical: true }, { name: 'iso', phase: 'Ready' });
  const stateFor = (users: string[]) =>
    vmObserved(vmRow({ disks: ['data', 'iso'] }), [data, iso], { ...nothing, usersOfDisk: () => users }).disks.map(
      ({ state }) => state,
    );

  it('is waited for, unless it is optical', () => {
    expect(stateFor(['somebody-else'])).toEqual(['inUse', 'ready']);
  });

  it('is ready for the machine that has it already', () => {
    expect(stateFor([vmRow().name])).toEqual(['ready', 'ready']);
  });
});

describe('the state of a disk', () => {
  it.each<[DiskPhase, string]>([
    ['Pending', 'pending'],
    ['Importing', 'pending'],
    ['Ready', 'ready'],
    ['Resizing', 'ready'],
    ['Failed', 'failed'],
    ['Deleting', 'deleting'],
  ])('in phase %s is %s', (phase, state) => {
    expect(diskState(diskRow({}, { phase }))).toBe(state);
  });

  it('is deleting as soon as deletion is asked for', () => {
    expect(diskState(diskRow({}, { phase: 'Ready', deletionRequestedAt: at }))).toBe('deleting');
  });
});
