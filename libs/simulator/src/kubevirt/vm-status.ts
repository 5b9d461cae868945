/**
 * The whole status of a VirtualMachine, computed anew from what exists.
 *
 * Pure. `created` and `ready` are absent rather than false, because that is what the real controller's omitempty fields give.
 * Once the VMI is gone, conditions copied from it stay as they were (AgentConnected of a stopped machine), which is upstream's
 * behaviour and a trap that clients must survive.
 */
import { conditionOf, hasCondition, withCondition, withoutConditions } from './conditions.ts';
import type { Condition, VirtualMachine, VirtualMachineInstance, VmStatus } from './objects.ts';
import { GENERATION_ANNOTATION, runStrategyOf } from './objects.ts';
import { printableStatus } from './printable-status.ts';
import { isFirstRequestDone } from './run-strategy.ts';
import type { BackoffInput } from './start-failure.ts';
import { nextStartFailure } from './start-failure.ts';
import type { VolumeLookup } from './volumes.ts';

/** Why the last pass over the VM failed; it becomes the condition Failure. */
export interface SyncFailure {
  reason: string;
  message: string;
}

export interface VmStatusInput extends BackoffInput {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  startExpected: boolean;
  stopExpected: boolean;
  failure: SyncFailure | undefined;
  lookup: VolumeLookup;
  /** Whether the running VMI must be restarted for the template to hold; undefined when that was not looked at. */
  restartRequired: boolean | undefined;
}

/** Conditions of the VM that are its own and never copied from or cleared by the VMI. */
const OWN_CONDITIONS: readonly string[] = ['Ready', 'Failure', 'RestartRequired'];

/** The next status. Fields that the input does not speak about are kept. */
export function nextVmStatus(input: VmStatusInput): VmStatus {
  const { vm, vmi } = input;
  const next: VmStatus = { ...vm.status };
  setOrDrop(next, 'created', vmi === undefined ? undefined : true);
  setOrDrop(next, 'ready', hasCondition(vmi?.status?.conditions, 'Ready', 'True') ? true : undefined);
  if (vmi !== undefined) setGenerations(next, vm, vmi);
  if (next.runStrategy !== undefined || vmi !== undefined) next.runStrategy = runStrategyOf(vm.spec);
  if (isFirstRequestDone(vm, vmi)) dropFirstRequest(next);
  setOrDrop(next, 'startFailure', nextStartFailure(vm, vmi, input));
  next.conditions = nextConditions(input, next.conditions);
  next.printableStatus = printableStatus({ ...input, vm: { ...vm, status: next } });
  return next;
}

function setOrDrop<Key extends keyof VmStatus>(status: VmStatus, key: Key, value: VmStatus[Key] | undefined): void {
  if (value === undefined) delete status[key];
  else status[key] = value;
}

function setGenerations(status: VmStatus, vm: VirtualMachine, vmi: VirtualMachineInstance): void {
  const seen = Number(vmi.metadata.annotations?.[GENERATION_ANNOTATION]);
  if (Number.isFinite(seen)) status.observedGeneration = seen;
  if (vm.metadata.generation !== undefined) status.desiredGeneration = vm.metadata.generation;
}

function dropFirstRequest(status: VmStatus): void {
  const rest = (status.stateChangeRequests ?? []).slice(1);
  setOrDrop(status, 'stateChangeRequests', rest.length === 0 ? undefined : rest);
}

function nextConditions(input: VmStatusInput, before: readonly Condition[] | undefined): Condition[] {
  const now = new Date(input.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  let conditions = withCondition(before, readyCondition(input.vmi, now));
  conditions = withFailure(conditions, input.failure, now);
  conditions = withRestartRequired(conditions, input.restartRequired, now);
  return input.vmi === undefined ? conditions : copiedFrom(input.vmi, conditions);
}

function readyCondition(vmi: VirtualMachineInstance | undefined, now: string): Condition {
  const times = { lastProbeTime: now, lastTransitionTime: now };
  if (vmi === undefined) {
    return { type: 'Ready', status: 'False', reason: 'VMINotExists', message: 'VMI does not exist', ...times };
  }
  const ready = conditionOf(vmi.status?.conditions, 'Ready');
  if (ready !== undefined) return ready;
  const message = 'VMI is missing the Ready condition';
  return { type: 'Ready', status: 'False', reason: 'VMIConditionMissing', message, ...times };
}

function withFailure(conditions: Condition[], failure: SyncFailure | undefined, now: string): Condition[] {
  if (failure === undefined) return withoutConditions(conditions, 'Failure');
  const { reason, message } = failure;
  return withCondition(conditions, {
    type: 'Failure',
    status: 'True',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: now,
  });
}

function withRestartRequired(conditions: Condition[], required: boolean | undefined, now: string): Condition[] {
  if (required === undefined) return conditions;
  if (!required) return withoutConditions(conditions, 'RestartRequired');
  return withCondition(conditions, {
    type: 'RestartRequired',
    status: 'True',
    message: 'a non-live-updatable field was changed in the template spec',
    lastProbeTime: null,
    lastTransitionTime: now,
  });
}

function copiedFrom(vmi: VirtualMachineInstance, conditions: Condition[]): Condition[] {
  const copied = (vmi.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.includes(type));
  const kept = conditions.filter(
    ({ type }) => OWN_CONDITIONS.includes(type) || copied.some((condition) => condition.type === type),
  );
  return copied.reduce(withCondition, kept);
}
