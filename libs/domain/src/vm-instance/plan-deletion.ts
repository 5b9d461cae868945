/** Deletion of a machine: the machine first, then what it named, then the row. Nothing is said to be gone that is not. */

import { type DeletionWait, deletionProgress } from '../deletion-progress.ts';
import type { VmAction, VmObserved } from './observed.ts';
import { vmCondition } from './plan-conditions.ts';
import type { VmDetails, VmPlan } from './plan-report.ts';
import type { VmInstance } from './vm-instance.ts';

const SOON_MS = 5_000;

export function planVmDeletion(desired: VmInstance, observed: VmObserved, details: VmDetails): VmPlan {
  const waiting = whatIsLeft(observed);
  const base = { phase: 'Deleting', details } as const;
  if (waiting === undefined) {
    const message = 'Nothing is left in the cluster.';
    return { ...base, conditions: [], outcome: 'remove', reason: 'Gone', message, actions: [] };
  }
  const progress = deletionProgress({ ...waiting, since: desired.deletionRequestedAt, at: observed.at });
  return {
    ...base,
    ...progress,
    conditions: [vmCondition('Ready', 'False', progress.reason, progress.message)],
    outcome: 'keep',
    actions: deletions(observed),
    requeueAfterMs: SOON_MS,
  };
}

function whatIsLeft(observed: VmObserved): Pick<DeletionWait, 'left' | 'object'> | undefined {
  const { machine, virtualMachine, service, cloudInitSecret, sshKeysSecret } = observed;
  if (machine) return { left: 'the running machine', object: virtualMachine };
  if (virtualMachine) return { left: 'the VirtualMachine', object: virtualMachine };
  if (service) return { left: 'the Service', object: service };
  const secret = cloudInitSecret ?? sshKeysSecret;
  return secret && { left: 'its Secrets', object: secret };
}

function deletions(observed: VmObserved): VmAction[] {
  const { virtualMachine, machine, service, cloudInitSecret, sshKeysSecret } = observed;
  // A guest that is paused cannot shut itself down.
  const letGo: VmAction[] = machine?.paused ? [{ do: 'unpauseMachine', uid: machine.uid }] : [];
  if (virtualMachine?.deleting) return letGo;
  if (virtualMachine) return [{ do: 'deleteVirtualMachine', uid: virtualMachine.uid }, ...letGo];
  // The guest is still using what is below.
  if (machine) return endsItself(observed) ? letGo : [{ do: 'deleteMachine', uid: machine.uid }, ...letGo];
  const actions: VmAction[] = [];
  if (service && !service.deleting) actions.push({ do: 'deleteService', uid: service.uid });
  if (cloudInitSecret && !cloudInitSecret.deleting)
    actions.push({ do: 'deleteCloudInitSecret', uid: cloudInitSecret.uid });
  if (sshKeysSecret && !sshKeysSecret.deleting) actions.push({ do: 'deleteSshKeysSecret', uid: sshKeysSecret.uid });
  return actions;
}

/** A machine goes with its VirtualMachine; one that somebody left behind without does not. */
function endsItself({ machine, ownerless }: VmObserved): boolean {
  return ownerless !== true || machine?.deleting === true;
}
