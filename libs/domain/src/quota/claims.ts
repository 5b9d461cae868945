/**
 * What a resource takes of its project's quota: a pure function of its desired state. The counters in the database
 * are a cache of these numbers over all rows; a recount must always agree.
 */
import { type Catalogue, findInstanceType } from '../catalogue/catalogue.ts';
import { Fault } from '../fault.ts';
import { parseCpuCount, parseQuantityMib } from '../quantity.ts';
import type { Claim } from '../resource.ts';
import type { VmDiskSpec } from '../vm-disk/vm-disk.ts';
import type { ChargedSize, VmInstanceSpec } from '../vm-instance/vm-instance.ts';

export const CUSTOM_SERIES = 'custom';

/** Empty strings count as not given: the specification's own example writes them. */
export function given<T extends string | number>(value: T | undefined): value is T {
  return value !== undefined && value !== '';
}

/** The size that a machine is charged for. Throws `InvalidArgument` for a spec that validation would refuse. */
export function chargeVm(spec: VmInstanceSpec, catalogue: Catalogue): ChargedSize {
  if (given(spec.instanceType)) {
    const type = findInstanceType(catalogue, spec.instanceType);
    if (!type) throw new Fault('InvalidArgument', `There is no instance type '${spec.instanceType}'.`);
    return { name: type.name, series: type.series, vcpu: type.vcpu, memoryMib: type.memoryMib };
  }
  const cores = parseCpuCount(`${spec.resources?.cpu ?? ''}`);
  const sockets = given(spec.resources?.sockets) ? parseCpuCount(`${spec.resources.sockets}`) : 1;
  const memoryMib = parseQuantityMib(`${spec.resources?.memory ?? ''}`);
  if (cores === undefined || sockets === undefined || memoryMib === undefined)
    throw new Fault('InvalidArgument', 'Give an instanceType, or resources.cpu and resources.memory.');
  return { name: CUSTOM_SERIES, series: CUSTOM_SERIES, vcpu: cores * sockets, memoryMib };
}

export function claimOfVm(spec: VmInstanceSpec, size: ChargedSize): Claim {
  return {
    [`series:${size.series}/instances`]: 1,
    [`series:${size.series}/vcpus`]: size.vcpu,
    [`series:${size.series}/memoryMib`]: size.memoryMib,
    ...(spec.external ? { 'external/ips': 1 } : {}),
  };
}

/** Throws `InvalidArgument` for a size that validation would refuse. */
export function claimOfDisk(spec: VmDiskSpec): Claim {
  const storageMib = parseQuantityMib(spec.storage);
  if (storageMib === undefined) throw new Fault('InvalidArgument', `'${spec.storage}' is not a size.`);
  return {
    [`class:${spec.storageClass}/disks`]: 1,
    [`class:${spec.storageClass}/storageMib`]: storageMib,
  };
}
