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
import { dataVolumeMarks } from '../manifests/data-volume.ts';
import { labelContent, marksContent } from './owned-content.ts';
import type { Projected, ProjectedMachine, ProjectedVirtualMachine } from './projections.ts';

export interface DiskSightings {
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly dataVolume: Projected<ObservedDataVolume> | undefined;
  readonly claim: Projected<ObservedClaim> | undefined;
  /** Whether the server itself wrote our manifest so. */
  readonly isNormalForm: (uid: string, content: string) => boolean;
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
  /** Whether the server itself wrote our manifest so. */
  readonly isNormalForm?: (uid: string, content: string) => boolean;
  /** Names of the machines that have a disk, or will have it at their next start. */
  readonly usersOfDisk: (disk: string) => readonly string[];
}

export function diskObserved(disk: VmDisk, seen: DiskSightings): DiskObserved {
  const dataVolume = ownContent(disk.uid, seen.dataVolume, seen.isNormalForm);
  const claim = own(disk.uid, seen.claim);
  return {
    at: seen.at,
    namespaceExists: seen.namespaceExists,
    dataVolume,
    claim,
    ...(isMislabelled(disk, dataVolume, claim) ? { mislabelled: true } : {}),
    usedByMachines: seen.usedByMachines,
  };
}

export function vmObserved(vm: VmInstance, disks: readonly VmDisk[], seen: VmSightings): VmObserved {
  return {
    at: seen.at,
    namespaceExists: seen.namespaceExists,
    virtualMachine: ownContent(vm.uid, seen.virtualMachine, seen.isNormalForm),
    machine: own(vm.uid, seen.machine),
    service: ownContent(vm.uid, seen.service, seen.isNormalForm),
    cloudInitSecret: ownContent(vm.uid, seen.cloudInitSecret, seen.isNormalForm),
    sshKeysSecret: ownContent(vm.uid, seen.sshKeysSecret, seen.isNormalForm),
    ...(seen.lastCrash ? { lastCrash: seen.lastCrash } : {}),
    ...(isNodeSilent(seen) ? { nodeSilent: true } : {}),
    disks: vm.spec.disks.map((entry) => {
      const name = diskName(entry);
      return diskOfVm(name, disks, otherHolders(vm.name, seen.usersOfDisk(name)));
    }),
  };
}

function isMislabelled(
  disk: VmDisk,
  dataVolume: ObservedObject | undefined,
  claim: ObservedObject | undefined,
): boolean {
  const { labels, annotations } = dataVolumeMarks(disk);
  const isOther = (object: ObservedObject | undefined, wanted: string) =>
    object?.content !== undefined && !object.deleting && object.content !== wanted;
  return isOther(dataVolume, marksContent({ labels, annotations })) || isOther(claim, labelContent(labels));
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

/** What the server wrote in its own way is as we wrote it. */
function ownContent<T extends ObservedObject>(
  uid: string,
  sighting: Projected<T> | undefined,
  isNormalForm: VmSightings['isNormalForm'],
): T | undefined {
  const found = own(uid, sighting);
  if (found?.content === undefined || isNormalForm?.(found.uid, found.content) !== true) return found;
  const { content: _content, ...rest } = found;
  return rest as T;
}

function own<T>(uid: string, sighting: Projected<T> | undefined): T | undefined {
  return sighting?.row?.uid === uid ? sighting.observed : undefined;
}
