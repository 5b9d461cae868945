/**
 * What a VirtualMachine's run strategy asks for now: start, stop, wait, or nothing.
 *
 * Pure. "start" still passes through the start back-off and the DataVolumes; "stop" of a VMI that is already being deleted is
 * no action. The strategies' oddities are upstream's and deliberate: Always also restarts a guest that powered off by itself,
 * and a Start request left over while Halted turns the machine into Always.
 */
import type { StateChangeRequest, VirtualMachine, VirtualMachineInstance } from './objects.ts';
import { isFinal, runStrategyOf } from './objects.ts';
import { backoffLeftMs } from './start-failure.ts';

export type RunDecision =
  | { kind: 'none' }
  | { kind: 'start' }
  /** Start later: the back-off after failed starts has this much left. */
  | { kind: 'wait'; delayMs: number }
  | { kind: 'stop'; requestStart: boolean }
  /** Write runStrategy Always (or running true) into the spec. */
  | { kind: 'set-always' }
  | { kind: 'unknown-strategy'; strategy: string };

const NONE: RunDecision = { kind: 'none' };
const STOP: RunDecision = { kind: 'stop', requestStart: false };

/** Decides by the strategy, the pending requests and the VMI. `nowMs` is wall time, for the back-off. */
export function decideRun(vm: VirtualMachine, vmi: VirtualMachineInstance | undefined, nowMs: number): RunDecision {
  const strategy = runStrategyOf(vm.spec);
  switch (strategy) {
    case 'Always':
      if (vmi === undefined) return startUnlessBackingOff(vm, nowMs);
      return isFinal(vmi) || hasStopRequestFor(vm, vmi) ? stopOnce(vmi) : NONE;
    case 'RerunOnFailure':
      return vmi === undefined ? decideRerunStart(vm, nowMs) : decideRerunStop(vm, vmi);
    case 'Manual':
      if (vmi === undefined) return hasStartRequest(vm) ? { kind: 'start' } : NONE;
      return hasStopRequestFor(vm, vmi) ? stopOnce(vmi) : NONE;
    case 'Halted':
      if (vmi === undefined) return hasStartRequest(vm) ? { kind: 'set-always' } : NONE;
      return stopOnce(vmi);
    case 'Once':
      return vmi === undefined ? { kind: 'start' } : NONE;
    default:
      return { kind: 'unknown-strategy', strategy };
  }
}

/** Whether the machine is meant to be running as it stands, for the status WaitingForVolumeBinding. */
export function isSetToStart(vm: VirtualMachine, vmi: VirtualMachineInstance | undefined): boolean {
  switch (runStrategyOf(vm.spec)) {
    case 'Always':
      return true;
    case 'Manual':
      return vmi === undefined ? hasStartRequest(vm) : !hasStopRequestFor(vm, vmi);
    case 'RerunOnFailure':
      return vmi === undefined || vmi.status?.phase !== 'Succeeded';
    case 'Once':
      return vmi === undefined;
    default:
      return false;
  }
}

/** Whether the first pending request is done with and can be taken off the list. */
export function isFirstRequestDone(vm: VirtualMachine, vmi: VirtualMachineInstance | undefined): boolean {
  const first = requestsOf(vm)[0];
  if (first === undefined) return false;
  if (first.action === 'Stop') return vmi === undefined || first.uid === undefined || first.uid !== vmi.metadata.uid;
  return vmi !== undefined && vmi.metadata.deletionTimestamp === undefined && !isFinal(vmi);
}

/** Whether the first pending request is a Start. */
export function hasStartRequest(vm: VirtualMachine): boolean {
  return requestsOf(vm)[0]?.action === 'Start';
}

/** Whether the pending Start asks for a paused start. */
export function hasPausedStartRequest(vm: VirtualMachine): boolean {
  const first = requestsOf(vm)[0];
  return first?.action === 'Start' && first.data?.paused === 'true';
}

function requestsOf(vm: VirtualMachine): readonly StateChangeRequest[] {
  return vm.status?.stateChangeRequests ?? [];
}

function hasStopRequestFor(vm: VirtualMachine, vmi: VirtualMachineInstance): boolean {
  const first = requestsOf(vm)[0];
  return first?.action === 'Stop' && first.uid !== undefined && first.uid === vmi.metadata.uid;
}

function stopOnce(vmi: VirtualMachineInstance): RunDecision {
  return vmi.metadata.deletionTimestamp === undefined ? STOP : NONE;
}

function startUnlessBackingOff(vm: VirtualMachine, nowMs: number): RunDecision {
  const delayMs = backoffLeftMs(vm.status?.startFailure, nowMs);
  return delayMs > 0 ? { kind: 'wait', delayMs } : { kind: 'start' };
}

function decideRerunStart(vm: VirtualMachine, nowMs: number): RunDecision {
  const cameFromOtherStrategy = vm.status?.runStrategy !== 'RerunOnFailure';
  return hasStartRequest(vm) || cameFromOtherStrategy ? startUnlessBackingOff(vm, nowMs) : NONE;
}

function decideRerunStop(vm: VirtualMachine, vmi: VirtualMachineInstance): RunDecision {
  if (vmi.metadata.deletionTimestamp !== undefined) return NONE;
  if (vmi.status?.phase === 'Failed') return { kind: 'stop', requestStart: true };
  return isFinal(vmi) || hasStopRequestFor(vm, vmi) ? STOP : NONE;
}
