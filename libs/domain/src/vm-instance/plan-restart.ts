/** Whether a machine that is up should be started anew, and for which fields of its spec. */
import { waitingFields } from './field-changes.ts';
import type { ObservedMachine, VmObserved } from './observed.ts';
import type { VmDetails, VmPlanInput } from './plan-report.ts';
import type { StartedWith } from './started-with.ts';
import type { ChargedSize } from './vm-instance.ts';

export type RestartAdvice =
  | { readonly need: 'none' }
  /** Pointers of the fields that wait; empty on a machine that does not say what it was started with. */
  | { readonly need: 'user'; readonly fields: readonly string[] }
  /** The cluster asks for it though the user changed nothing: the platform runs machines in another way now. */
  | { readonly need: 'platform' };

export function restartAdvice({ desired, rendered, observed }: VmPlanInput): RestartAdvice {
  const { machine } = observed;
  if (!machine || machine.deleting || hasEnded(machine)) return { need: 'none' };
  const isAsked = observed.virtualMachine?.restartRequired?.status === 'True';
  const { startedWith } = machine;
  if (!startedWith) return isAsked ? { need: 'user', fields: [] } : { need: 'none' };
  const fields = fieldsThatWait(startedWith, rendered.startsWith, machine, desired.status.instanceType);
  if (fields.length > 0) return { need: 'user', fields };
  return isAsked && !isBeingApplied(observed, rendered.virtualMachine) ? { need: 'platform' } : { need: 'none' };
}

/** What the status says of it. `since` stays as long as anything waits. */
export function restartDetails(input: VmPlanInput, advice: RestartAdvice): Pick<VmDetails, 'restartRequired'> {
  if (advice.need !== 'user') return {};
  const since = input.desired.status.restartRequired?.since ?? input.observed.at.toISOString();
  return { restartRequired: { since, fields: advice.fields } };
}

function fieldsThatWait(
  started: StartedWith,
  wanted: StartedWith,
  { size }: ObservedMachine,
  { vcpu, memoryMib }: ChargedSize,
): string[] {
  return waitingFields(started, wanted, size?.vcpu === vcpu && size.memoryMib === memoryMib);
}

function hasEnded({ phase }: ObservedMachine): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The cluster's word is about the manifest that it has, which is about to be replaced. */
function isBeingApplied({ virtualMachine }: VmObserved, wantedHash: string): boolean {
  return virtualMachine?.manifestHash !== wantedHash;
}
