/** Which of pause, unpause, softreboot and reset a VMI takes, and KubeVirt's words when it does not. */
import { conditionOf, hasCondition } from '../conditions.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../objects.ts';
import type { Rejected } from './lifecycle-requests.ts';

export type GuestVerb = 'pause' | 'unpause' | 'softreboot' | 'reset';

/** Why the verb is refused, or undefined when it may go to the guest. */
export function guestRefusal(
  verb: GuestVerb,
  vmi: VirtualMachineInstance,
  vm: VirtualMachine | undefined,
): Rejected | undefined {
  const running = vmi.status?.phase === 'Running';
  const conditions = vmi.status?.conditions;
  switch (verb) {
    case 'pause':
      if (!running) return refused('VM is not running');
      if (vmi.spec.livenessProbe !== undefined) {
        return { kind: 'refused', status: 403, message: 'Pausing VMIs with LivenessProbe is currently not supported' };
      }
      return conditionOf(conditions, 'Paused') === undefined ? undefined : refused('VMI is already paused');
    case 'unpause':
      if (vm?.status?.snapshotInProgress !== undefined) return refused('VM snapshot is in progress');
      if (!running) return refused('VMI is not running');
      return conditionOf(conditions, 'Paused') === undefined ? refused('VMI is not paused') : undefined;
    case 'softreboot':
      if (!running) return refused('VM is not running');
      if (hasCondition(conditions, 'Paused', 'True')) return refused('VMI is paused');
      return canSoftReboot(vmi)
        ? undefined
        : refused('VMI neither have the agent connected nor the ACPI feature enabled');
    case 'reset':
      return running ? undefined : { kind: 'refused', status: 500, message: 'VMI is not running' };
  }
}

function canSoftReboot(vmi: VirtualMachineInstance): boolean {
  if (conditionOf(vmi.status?.conditions, 'AgentConnected') !== undefined) return true;
  return vmi.spec.domain.features?.acpi?.enabled !== false;
}

function refused(message: string): Rejected {
  return { kind: 'refused', status: 409, message };
}
