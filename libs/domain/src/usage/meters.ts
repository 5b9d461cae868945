/**
 * Which meters run: a pure function of one row. The store compares the meters before and after every write and opens
 * and closes intervals in the same transaction, so nothing can change a phase and forget the bill.
 *
 * Dimensions are frozen on an interval when it opens; a change of any of them closes it and opens another.
 */

import { gibOf, parseQuantityMib } from '../quantity.ts';
import type { AnyResource } from '../resource.ts';
import type { DiskPhase, VmDisk } from '../vm-disk/vm-disk.ts';
import type { VmInstance, VmPhase } from '../vm-instance/vm-instance.ts';

export const METERS = ['vm.allocated', 'vm.running', 'disk.allocated', 'ip.held'] as const;
export type Meter = (typeof METERS)[number];
export type Dimensions = Readonly<Record<string, string | number>>;

export interface OpenMeter {
  readonly meter: Meter;
  readonly dimensions: Dimensions;
}

/** A machine is allocated from the moment the cluster holds it until it is being deleted; it runs while it uses CPU. */
export const VM_METERS: Readonly<Record<VmPhase, readonly ('vm.allocated' | 'vm.running')[]>> = {
  Pending: [],
  Provisioning: [],
  Starting: ['vm.allocated'],
  Running: ['vm.allocated', 'vm.running'],
  Stopping: ['vm.allocated', 'vm.running'],
  Stopped: ['vm.allocated'],
  Paused: ['vm.allocated', 'vm.running'],
  Migrating: ['vm.allocated', 'vm.running'],
  Failed: [],
  Deleting: [],
};

/** Storage is charged while it holds the user's data: never before an import is done, nor when it failed. */
export const DISK_METERS: Readonly<Record<DiskPhase, readonly 'disk.allocated'[]>> = {
  Pending: [],
  Importing: [],
  Ready: ['disk.allocated'],
  Resizing: ['disk.allocated'],
  Failed: [],
  Deleting: [],
};

/** The meters that run for a resource in its present state. */
export function metersOf(resource: AnyResource): readonly OpenMeter[] {
  return resource.kind === 'VMInstance' ? metersOfVm(resource) : metersOfDisk(resource);
}

function metersOfVm(vm: VmInstance): OpenMeter[] {
  const size = vm.status.instanceType;
  const dimensions = {
    series: size.series,
    instanceType: size.name,
    vcpu: size.vcpu,
    memoryGib: gibOf(size.memoryMib),
  };
  const meters: OpenMeter[] = VM_METERS[vm.phase].map((meter) => ({ meter, dimensions }));
  const holdsIp = vm.spec.external && vm.status.addresses?.external !== undefined && vm.phase !== 'Deleting';
  if (holdsIp) meters.push({ meter: 'ip.held', dimensions: { method: vm.spec.externalMethod } });
  return meters;
}

function metersOfDisk(disk: VmDisk): OpenMeter[] {
  const storageGib = gibOf(parseQuantityMib(disk.spec.storage) ?? 0);
  const dimensions = { storageClass: disk.spec.storageClass, storageGib };
  return DISK_METERS[disk.phase].map((meter) => ({ meter, dimensions }));
}
