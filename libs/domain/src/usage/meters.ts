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

/** What of a resource a price depends on. Each change of it is a line of history, so that a bill can be computed again. */
export type Charge =
  | { readonly kind: 'VMInstance'; readonly size: Dimensions; readonly ip?: Dimensions }
  | { readonly kind: 'VMDisk'; readonly storage: Dimensions };

/** The meters that run for a resource in its present state. */
export function metersOf(resource: AnyResource): readonly OpenMeter[] {
  return metersOfCharge(chargeOf(resource), resource.phase);
}

export function chargeOf(resource: AnyResource): Charge {
  return resource.kind === 'VMInstance' ? chargeOfVm(resource) : chargeOfDisk(resource);
}

/** The meters that run while a resource with this charge is in a phase: all that a bill is made of. */
export function metersOfCharge(charge: Charge, phase: string): readonly OpenMeter[] {
  if (charge.kind === 'VMDisk')
    return (DISK_METERS[phase as DiskPhase] ?? []).map((meter) => ({ meter, dimensions: charge.storage }));
  const meters: OpenMeter[] = (VM_METERS[phase as VmPhase] ?? []).map((meter) => ({ meter, dimensions: charge.size }));
  if (charge.ip && phase !== 'Deleting' && phase in VM_METERS) meters.push({ meter: 'ip.held', dimensions: charge.ip });
  return meters;
}

function chargeOfVm({ spec, status }: VmInstance): Charge {
  const { series, name: instanceType, vcpu, memoryMib } = status.instanceType;
  const size = { series, instanceType, vcpu, memoryGib: gibOf(memoryMib) };
  const holdsIp = spec.external && status.addresses?.external !== undefined;
  return { kind: 'VMInstance', size, ...(holdsIp ? { ip: { method: spec.externalMethod } } : {}) };
}

function chargeOfDisk({ spec }: VmDisk): Charge {
  const storageGib = gibOf(parseQuantityMib(spec.storage) ?? 0);
  return { kind: 'VMDisk', storage: { storageClass: spec.storageClass, storageGib } };
}
