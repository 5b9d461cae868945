/**
 * `status.printableStatus` of a VirtualMachine, as one ordered list of predicates: the first that holds wins.
 *
 * The order is the contract. Several statuses hold at once nearly always (a Halted machine with an importing disk is both
 * Provisioning and Stopped), so moving a row changes what users see.
 */
import { hasCondition } from './conditions.ts';
import type { PrintableStatus, VirtualMachine, VirtualMachineInstance } from './objects.ts';
import { isFinal, isUnprocessed, runStrategyOf } from './objects.ts';
import { isSetToStart } from './run-strategy.ts';
import type { VolumeLookup } from './volumes.ts';
import { hasDataVolumeError, hasProvisioningDataVolume, hasUnboundClaim } from './volumes.ts';

/** Everything that the printable status depends on. */
export interface StatusFacts {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  /** The controller created a VMI and has not seen it yet. */
  startExpected: boolean;
  /** The controller deleted the VMI and has not seen that yet. */
  stopExpected: boolean;
  lookup: VolumeLookup;
}

type Predicate = (facts: StatusFacts) => boolean;

const ORDER: readonly (readonly [PrintableStatus, Predicate])[] = [
  ['Terminating', ({ vm }) => vm.metadata.deletionTimestamp !== undefined],
  ['Stopping', isStopping],
  ['Migrating', isMigrating],
  ['Paused', (facts) => isRunningPhase(facts) && isPaused(facts)],
  ['Running', (facts) => isRunningPhase(facts) && !isPaused(facts)],
  ['ErrorPvcNotFound', (facts) => vmiHas(facts, 'Synchronized', 'FailedPvcNotFound')],
  ['DataVolumeError', ({ vm, lookup }) => hasDataVolumeError(volumesOf(vm), lookup)],
  ['ErrorUnschedulable', (facts) => vmiHas(facts, 'PodScheduled', 'Unschedulable')],
  ['Provisioning', ({ vm, lookup }) => hasProvisioningDataVolume(volumesOf(vm), lookup)],
  ['WaitingForVolumeBinding', isWaitingForBinding],
  ['ErrImagePull', (facts) => vmiHas(facts, 'Synchronized', 'ErrImagePull')],
  ['ImagePullBackOff', (facts) => vmiHas(facts, 'Synchronized', 'ImagePullBackOff')],
  ['Starting', isStarting],
  ['CrashLoopBackOff', isCrashLooping],
  ['Stopped', isStopped],
];

/** The printable status of a VM; Unknown when no predicate holds (a VMI in phase Unknown). */
export function printableStatus(facts: StatusFacts): PrintableStatus {
  return ORDER.find(([, holds]) => holds(facts))?.[0] ?? 'Unknown';
}

function volumesOf(vm: VirtualMachine) {
  return vm.spec.template.spec.volumes ?? [];
}

function vmiHas({ vmi }: StatusFacts, type: string, reason: string): boolean {
  return hasCondition(vmi?.status?.conditions, type, 'False', reason);
}

function isRunningPhase({ vmi }: StatusFacts): boolean {
  return vmi?.status?.phase === 'Running';
}

function isPaused({ vmi }: StatusFacts): boolean {
  return hasCondition(vmi?.status?.conditions, 'Paused', 'True');
}

function isStopping({ vmi, stopExpected }: StatusFacts): boolean {
  return vmi !== undefined && !isFinal(vmi) && (vmi.metadata.deletionTimestamp !== undefined || stopExpected);
}

function isMigrating({ vmi }: StatusFacts): boolean {
  const migration = vmi?.status?.migrationState;
  return migration?.startTimestamp !== undefined && migration.endTimestamp === undefined;
}

function isWaitingForBinding({ vm, vmi, lookup }: StatusFacts): boolean {
  return isSetToStart(vm, vmi) && hasUnboundClaim(volumesOf(vm), lookup);
}

function isStarting({ vmi, startExpected }: StatusFacts): boolean {
  if (vmi === undefined) return startExpected;
  return isUnprocessed(vmi) || vmi.status?.phase === 'Scheduling' || vmi.status?.phase === 'Scheduled';
}

function isCrashLooping({ vm, vmi, startExpected }: StatusFacts): boolean {
  if (vmi !== undefined && !isFinal(vmi)) return false;
  if (startExpected || (vm.status?.startFailure?.consecutiveFailCount ?? 0) === 0) return false;
  return ['Always', 'RerunOnFailure', 'Once'].includes(runStrategyOf(vm.spec));
}

function isStopped({ vmi, startExpected }: StatusFacts): boolean {
  return vmi === undefined ? !startExpected : isFinal(vmi);
}
