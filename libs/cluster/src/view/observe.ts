/**
 * From projections to what a planner sees. Pure.
 *
 * An object that carries the name we would use but belongs to another row, or to nobody, is not ours and is not seen:
 * the planner then wants to make it, and the executor refuses with the reason.
 */
import {
  type DiskObserved,
  type DiskState,
  diskName,
  type ObservedClaim,
  type ObservedDataVolume,
  type ObservedObject,
  type ObservedService,
  type VmDisk,
  type VmInstance,
  type VmObserved,
} from '@compute/domain';
import type { Projected, ProjectedMachine, ProjectedVirtualMachine } from './projections.ts';

export interface DiskSightings {
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly dataVolume: Projected<ObservedDataVolume> | undefined;
  readonly claim: Projected<ObservedClaim> | undefined;
  readonly usedByMachines: readonly string[];
}

export interface VmSightings {
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly virtualMachine: ProjectedVirtualMachine | undefined;
  readonly machine: ProjectedMachine | undefined;
  readonly service: Projected<ObservedService> | undefined;
  readonly cloudInitSecret: Projected<ObservedObject> | undefined;
  readonly sshKeysSecret: Projected<ObservedObject> | undefined;
  readonly lastCrash?: VmObserved['lastCrash'];
  readonly isNodeSilent?: (node: string) => boolean;
  /** Names of the machines that have a disk, or will have it at their next start. */
  readonly usersOfDisk: (disk: string) => readonly string[];
}

export function diskObserved(disk: VmDisk, seen: DiskSightings): DiskObserved {
  return {
    at: seen.at,
    namespaceExists: seen.namespaceExists,
    dataVolume: own(disk.uid, seen.dataVolume),
    claim: own(disk.uid, seen.claim),
    usedByMachines: seen.usedByMachines,
  };
}

export function vmObserved(vm: VmInstance, disks: readonly VmDisk[], seen: VmSightings): VmObserved {
  return {
    at: seen.at,
    namespaceExists: seen.namespaceExists,
    virtualMachine: own(vm.uid, seen.virtualMachine),
    machine: own(vm.uid, seen.machine),
    service: own(vm.uid, seen.service),
    cloudInitSecret: own(vm.uid, seen.cloudInitSecret),
    sshKeysSecret: own(vm.uid, seen.sshKeysSecret),
    ...(seen.lastCrash ? { lastCrash: seen.lastCrash } : {}),
    ...(isNodeSilent(seen) ? { nodeSilent: true } : {}),
    disks: vm.spec.disks.map((entry) => {
      const name = diskName(entry);
      return diskOfVm(name, disks, otherHolders(vm.name, seen.usersOfDisk(name)));
    }),
  };
}

/** How far a disk is, in the words that a machine needs. */
export function diskState(disk: VmDisk | undefined): DiskState {
  if (disk === undefined) return 'missing';
  if (disk.deletionRequestedAt !== undefined) return 'deleting';
  switch (disk.phase) {
    case 'Ready':
    case 'Resizing':
      return 'ready';
    case 'Failed':
      return 'failed';
    case 'Deleting':
      return 'deleting';
    case 'Pending':
    case 'Importing':
      return 'pending';
  }
}

/** None for a machine that has the disk itself: what another one still says of it changes nothing any more. */
function otherHolders(vmName: string, holders: readonly string[]): readonly string[] {
  return holders.includes(vmName) ? [] : holders;
}

/**
 * A spec gives a disk up at once, its machine only when it stops or unplugs it, and one that was applied but has not
 * started yet would still take it: until then two machines would write to one disk.
 */
function diskOfVm(name: string, disks: readonly VmDisk[], otherUsers: readonly string[]): VmObserved['disks'][number] {
  const disk = disks.find((row) => row.name === name);
  const optical = disk?.spec.optical ?? false;
  const state = diskState(disk);
  const isHeld = state === 'ready' && !optical && otherUsers.length > 0;
  return isHeld ? { name, state: 'inUse', optical, heldBy: otherUsers } : { name, state, optical };
}

function isNodeSilent({ machine, isNodeSilent: isSilent }: VmSightings): boolean {
  const node = machine?.observed.nodeName;
  return node !== undefined && isSilent?.(node) === true;
}

function own<T>(uid: string, sighting: Projected<T> | undefined): T | undefined {
  return sighting?.row?.uid === uid ? sighting.observed : undefined;
}
