/**
 * What a change of each field of a VMInstance does to a machine that runs, and which fields of its spec wait for the
 * next start.
 *
 * A machine carries what it was started with, so "waits" is a comparison of two records and needs no memory of edits:
 * a change that is taken back waits no more, and a new version of the platform's own rendering is nobody's edit.
 */
import type { FieldChange, FieldChanges } from '../field-change.ts';
import type { StartedWith } from './started-with.ts';
import type { VmInstanceSpec } from './vm-instance.ts';

export interface VmFieldChange extends FieldChange {
  /** Whether the running machine lacks what the spec says of this field. */
  readonly waits: (started: StartedWith, wanted: StartedWith) => boolean;
}

const never = (): boolean => false;

/** Keys or user data of a machine that had neither need a disk that only a start can give. */
const hasSeedDisk = ({ hasKeys, hasUserData }: StartedWith): boolean => hasKeys || hasUserData;

export const VM_FIELD_CHANGES: FieldChanges<VmInstanceSpec, VmFieldChange> = {
  external: {
    effect: 'live',
    how: 'The public address is taken or given back. It may be another one after it was given back.',
    waits: never,
  },
  externalMethod: {
    effect: 'live',
    how: 'The filter in front of the machine changes; the address stays.',
    waits: never,
  },
  externalPorts: { effect: 'live', how: 'Ports open and close; the address stays.', waits: never },
  running: { effect: 'live', how: 'The machine starts, or its guest is asked to shut down.', waits: never },
  runStrategy: {
    effect: 'live',
    how: 'Halted stops the machine, Always starts it. What else a strategy says counts from the next end of the guest.',
    waits: never,
  },
  instanceType: {
    effect: 'restart',
    how: 'The machine keeps its size until it starts anew. More is charged at once, less from the restart on.',
    waits: (started, wanted) => started.instanceType !== wanted.instanceType,
  },
  instanceProfile: {
    effect: 'restart',
    how: 'Firmware, buses and devices are chosen when the machine starts.',
    waits: (started, wanted) => started.instanceProfile !== wanted.instanceProfile,
  },
  disks: {
    effect: 'live-or-restart',
    how: 'A disk added at the end of the list is attached while the machine runs, and one that was attached so is detached. Disks that were there at boot, CD-ROMs, disks on sata or usb, and the boot order wait for the next start.',
    waits: (started, wanted) => started.disks.join(' ') !== wanted.disks.join(' '),
  },
  sshKeys: {
    effect: 'cloud-init',
    how: 'A guest takes keys when cloud-init runs, which is once for each cloudInitSeed. The first keys of a machine without cloudInit also need a restart.',
    waits: (started, wanted) => started.hasKeys !== wanted.hasKeys,
  },
  cloudInit: {
    effect: 'cloud-init',
    how: 'A guest runs cloud-init once for each cloudInitSeed. The first cloudInit of a machine without keys also needs a restart.',
    waits: (started, wanted) =>
      started.hasUserData !== wanted.hasUserData && hasSeedDisk(started) !== hasSeedDisk(wanted),
  },
  cloudInitSeed: {
    effect: 'restart',
    how: 'The machine becomes a new instance for cloud-init, which runs everything again at the next start. Clearing the seed changes nothing.',
    waits: (started, wanted) => started.firmwareUuid !== wanted.firmwareUuid,
  },
  resources: {
    effect: 'restart',
    how: 'As instanceType.',
    waits: (started, wanted) => started.resources !== wanted.resources,
  },
};

/** The fields that decide how big a machine is. */
const SIZE_FIELDS: readonly string[] = ['instanceType', 'resources'];

/**
 * JSON pointers of the fields whose new value waits for the next start. `hasWantedSize`: the guest has the size that is
 * wanted all the same, because the cluster could resize it while it ran.
 */
export function waitingFields(started: StartedWith, wanted: StartedWith, hasWantedSize: boolean): string[] {
  return Object.entries(VM_FIELD_CHANGES)
    .filter(([field]) => !(hasWantedSize && SIZE_FIELDS.includes(field)))
    .filter(([, { waits }]) => waits(started, wanted))
    .map(([field]) => `/spec/${field}`);
}
