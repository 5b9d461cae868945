/** Deletion of a machine: the machine first, then what it named, then the row. Nothing is said to be gone that is not. */

import type { VmAction, VmObserved } from './observed.ts';
import { vmCondition } from './plan-conditions.ts';
import type { VmDetails, VmPlan } from './plan-report.ts';
import type { VmInstance } from './vm-instance.ts';

const SOON_MS = 5_000;
/** A deletion that lasts longer says what blocks it. */
const DELETION_STUCK_MS = 300_000;

export function planVmDeletion(desired: VmInstance, observed: VmObserved, details: VmDetails): VmPlan {
  const waiting = whatIsLeft(observed);
  const conditions = [vmCondition('Ready', 'False', 'Deleting', 'The machine is being deleted.')];
  const base = { phase: 'Deleting', conditions, details } as const;
  if (waiting === undefined)
    return { ...base, outcome: 'remove', reason: 'Gone', message: 'Nothing is left in the cluster.', actions: [] };
  return {
    ...base,
    ...progressOf(desired, observed, waiting),
    outcome: 'keep',
    actions: deletions(observed),
    requeueAfterMs: SOON_MS,
  };
}

function whatIsLeft(observed: VmObserved): string | undefined {
  if (observed.machine) return 'the running machine';
  if (observed.virtualMachine) return 'the VirtualMachine';
  if (observed.service) return 'the Service';
  if (observed.cloudInitSecret || observed.sshKeysSecret) return 'its Secrets';
  return undefined;
}

function deletions({ virtualMachine, machine, service, cloudInitSecret, sshKeysSecret }: VmObserved): VmAction[] {
  // A guest that is paused cannot shut itself down.
  const letGo: VmAction[] = machine?.paused ? [{ do: 'unpauseMachine', uid: machine.uid }] : [];
  if (virtualMachine?.deleting) return letGo;
  if (virtualMachine) return [{ do: 'deleteVirtualMachine', uid: virtualMachine.uid }, ...letGo];
  // The guest is still using what is below.
  if (machine) return letGo;
  const actions: VmAction[] = [];
  if (service && !service.deleting) actions.push({ do: 'deleteService', uid: service.uid });
  if (cloudInitSecret && !cloudInitSecret.deleting)
    actions.push({ do: 'deleteCloudInitSecret', uid: cloudInitSecret.uid });
  if (sshKeysSecret && !sshKeysSecret.deleting) actions.push({ do: 'deleteSshKeysSecret', uid: sshKeysSecret.uid });
  return actions;
}

function progressOf(desired: VmInstance, { at }: VmObserved, waiting: string): Pick<VmPlan, 'reason' | 'message'> {
  const since = desired.deletionRequestedAt ?? at;
  if (at.getTime() - since.getTime() < DELETION_STUCK_MS)
    return { reason: 'Deleting', message: `The cluster is deleting ${waiting}.` };
  return { reason: 'DeletionStuck', message: `The cluster has not let go of ${waiting} since ${since.toISOString()}.` };
}
