/** The lifecycle tables of all kinds in one place; docs render them. */
import type { AnyResource, Kind, ResourceOf } from './resource.ts';
import { DISK_TRANSITIONS, SETTLED_DISK_PHASES } from './vm-disk/lifecycle.ts';
import { SETTLED_VM_PHASES, VM_TRANSITIONS } from './vm-instance/lifecycle.ts';

export interface Lifecycle<Phase extends string> {
  readonly transitions: Readonly<Record<Phase, readonly Phase[]>>;
  readonly settled: readonly Phase[];
}

export const LIFECYCLES: { readonly [K in Kind]: Lifecycle<ResourceOf[K]['phase']> } = {
  VMInstance: { transitions: VM_TRANSITIONS, settled: SETTLED_VM_PHASES },
  VMDisk: { transitions: DISK_TRANSITIONS, settled: SETTLED_DISK_PHASES },
};

/** Whether a resource in this phase waits for nobody: an operation on it is over. */
export function isSettled(kind: Kind, phase: string): boolean {
  return (LIFECYCLES[kind].settled as readonly string[]).includes(phase);
}

/** Whether nothing that was asked of the resource is still on its way; a failure answers whatever was asked. */
export function isOver(resource: AnyResource): boolean {
  if (!isSettled(resource.kind, resource.phase)) return false;
  return resource.kind !== 'VMInstance' || resource.phase === 'Failed' || resource.status.power?.pending !== true;
}

/** Whether the lifecycle table allows this step. Staying is always allowed. */
export function mayMove(kind: Kind, from: string, to: string): boolean {
  if (from === to) return true;
  const allowed = (LIFECYCLES[kind].transitions as Readonly<Record<string, readonly string[]>>)[from];
  return allowed?.includes(to) ?? false;
}
