/** The phases a machine may go through, and what it looks like when it has just been accepted. */
import type { ChargedSize, VmInstanceStatus, VmPhase } from './vm-instance.ts';

const LIVE: readonly VmPhase[] = ['Running', 'Stopping', 'Stopped', 'Paused', 'Migrating'];

/** From each phase, where a machine may go. The store refuses anything else. */
export const VM_TRANSITIONS: Readonly<Record<VmPhase, readonly VmPhase[]>> = {
  Pending: ['Provisioning', 'Starting', ...LIVE, 'Failed', 'Deleting'],
  Provisioning: ['Pending', 'Starting', ...LIVE, 'Failed', 'Deleting'],
  Starting: ['Pending', 'Provisioning', ...LIVE, 'Failed', 'Deleting'],
  Running: ['Pending', 'Provisioning', 'Starting', 'Stopping', 'Stopped', 'Paused', 'Migrating', 'Failed', 'Deleting'],
  Stopping: ['Pending', 'Provisioning', 'Starting', 'Running', 'Stopped', 'Failed', 'Deleting'],
  Stopped: ['Pending', 'Provisioning', 'Starting', 'Running', 'Stopping', 'Failed', 'Deleting'],
  Paused: ['Pending', 'Provisioning', 'Starting', 'Running', 'Stopping', 'Stopped', 'Failed', 'Deleting'],
  Migrating: ['Pending', 'Provisioning', 'Starting', 'Running', 'Paused', 'Stopping', 'Stopped', 'Failed', 'Deleting'],
  Failed: ['Pending', 'Provisioning', 'Starting', ...LIVE, 'Deleting'],
  Deleting: [],
};

/** Phases in which nothing more happens by itself: an operation on the machine is over. */
export const SETTLED_VM_PHASES: readonly VmPhase[] = ['Running', 'Stopped', 'Paused', 'Failed'];

export function initialVm(size: ChargedSize): { phase: VmPhase; status: VmInstanceStatus } {
  return { phase: 'Pending', status: { conditions: [], observedGeneration: 0, instanceType: size } };
}
