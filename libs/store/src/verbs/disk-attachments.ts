/**
 * Who has which disk. A disk that is not optical belongs to one VM at a time; whether a disk is optical is not known
 * before it exists, so until then it counts as not.
 */
import { Fault } from '@compute/domain';
import type { Batch } from '../write/batch.ts';
import type { Entry } from '../write/entry.ts';

interface VmOfAttachment {
  readonly uid: string;
  readonly project: string;
  readonly name: string;
}

/** Throws `DiskInUse`, naming the VM, when another VM has one of the disks for itself. */
export function refuseTakenDisks(batch: Batch, vm: Pick<VmOfAttachment, 'uid' | 'project'>, disks: Iterable<string>) {
  for (const disk of disks) {
    if (isOptical(batch, vm.project, disk)) continue;
    const holder = batch.attachments.holdersOf(vm.project, disk).find(({ vmUid }) => vmUid !== vm.uid);
    if (holder) throw diskInUse(disk, holder.vmName);
  }
}

export function attachDisks(batch: Batch, { uid, project, name }: VmOfAttachment, disks: Iterable<string>): void {
  for (const disk of disks) {
    const exclusive = !isOptical(batch, project, disk);
    batch.attachments.attach({ project, disk, vmUid: uid, vmName: name, vmDeleting: false, exclusive });
  }
}

/** Throws `DiskInUse` while a VM that is to stay names the disk. */
export function refuseDiskInUse(batch: Batch, disk: { project: string; name: string }): void {
  const holder = batch.attachments.holdersOf(disk.project, disk.name).find((one) => {
    const vm = batch.byUid(one.vmUid)?.resource;
    return vm ? vm.deletionRequestedAt === undefined : !one.vmDeleting;
  });
  if (holder) throw diskInUse(disk.name, holder.vmName);
}

/** The planner of a disk looks at the VMs that use it, and the planner of a VM at its disks. */
export function wakeNeighbours(batch: Batch, entry: Entry, traceparent: string | undefined): void {
  const { kind, uid, project, name } = entry.resource;
  if (kind === 'VMDisk')
    for (const { vmUid } of batch.attachments.holdersOf(project, name))
      batch.wakeOther({ kind: 'VMInstance', uid: vmUid, project }, traceparent);
  else for (const { disk } of batch.attachments.disksOf(uid)) wakeDisk(batch, project, disk, traceparent);
}

export function wakeDisk(batch: Batch, project: string, disk: string, traceparent: string | undefined): void {
  const entry = batch.byName('VMDisk', project, disk);
  if (entry) batch.wakeOther(entry.resource, traceparent);
}

function isOptical(batch: Batch, project: string, disk: string): boolean {
  const resource = batch.byName('VMDisk', project, disk)?.resource;
  return resource?.kind === 'VMDisk' && resource.spec.optical;
}

function diskInUse(disk: string, vmName: string): Fault {
  const resource = { kind: 'VMInstance', name: vmName };
  return new Fault('DiskInUse', `Disk '${disk}' is attached to VMInstance '${vmName}'.`, { resource });
}
