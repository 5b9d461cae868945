/** Each kind and the reconciler that looks at it. A kind of the domain that is missing here does not compile. */
import type { Kind } from '@compute/domain';
import { type DiskReconcilerPorts, diskReconciler } from './disk-reconciler.ts';
import { type LookRequest, type LoopPorts, type Outcome, reconcile } from './reconcile.ts';
import { type VmReconcilerPorts, vmReconciler } from './vm-reconciler.ts';

export type Reconcilers = Readonly<Record<Kind, (request: LookRequest) => Promise<Outcome>>>;

export function createReconcilers(ports: LoopPorts & DiskReconcilerPorts & VmReconcilerPorts): Reconcilers {
  const disks = diskReconciler(ports);
  const machines = vmReconciler(ports);
  return {
    VMDisk: (request) => reconcile(disks, request, ports),
    VMInstance: (request) => reconcile(machines, request, ports),
  };
}
