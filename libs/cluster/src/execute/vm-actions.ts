/** Performs what a machine's plan decided, one action at a time. Decides nothing itself. */
import type { VmAction } from '@compute/domain';
import type { KubeClient, KubeObject, ObjectRef, ResourceKind } from '@compute/kube-client';
import { secrets, services, virtualMachines } from '../kinds.ts';
import { cloudInitSecretName, sshKeysSecretName, vmObjectName } from '../manifests/object-names.ts';
import type { VmTarget } from '../targets.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { type ActionOutcome, outcomeOf } from './action-outcome.ts';
import { applyOwned } from './apply-owned.ts';
import { ensureNamespace } from './disk-actions.ts';
import { plugDisk, unplugDisk } from './disk-plugs.ts';
import { deleteMachine, hurryMachine, setPaused, startMachine } from './power-actions.ts';
import { type VmManifests, vmManifests } from './vm-manifests.ts';

export interface VmExecutor {
  readonly client: KubeClient;
  readonly view: ClusterView;
  readonly hashKey: Uint8Array;
}

export function performVmAction(executor: VmExecutor, action: VmAction, target: VmTarget): Promise<ActionOutcome> {
  const { vm, namespace } = target;
  switch (action.do) {
    case 'ensureNamespace':
      return ensureNamespace(executor.client, namespace, vm.project);
    case 'applyVirtualMachine':
    case 'applyService':
    case 'applyCloudInitSecret':
    case 'applySshKeysSecret':
      return applyObject(executor, action.do, target);
    case 'plugDisk':
      return plugDisk(executor.client, target, action.disk, manifestsOf(executor, target).virtualMachine);
    case 'unplugDisk':
      return unplugDisk(executor.client, target, action.disk);
    case 'deleteMachine':
      return deleteMachine(executor.client, target, action.uid);
    case 'hurryMachine':
      return hurryMachine(executor.client, target, action);
    case 'startMachine':
      return startMachine(executor.client, target);
    case 'pauseMachine':
      return setPaused(executor.client, target, 'pause');
    case 'unpauseMachine':
      return setPaused(executor.client, target, 'unpause');
    case 'deleteVirtualMachine':
      return remove(executor, virtualMachines, { namespace, name: vmObjectName(vm.name) }, action.uid);
    case 'deleteService':
      return remove(executor, services, { namespace, name: vmObjectName(vm.name) }, action.uid);
    case 'deleteCloudInitSecret':
      return remove(executor, secrets, { namespace, name: cloudInitSecretName(vm.name) }, action.uid);
    case 'deleteSshKeysSecret':
      return remove(executor, secrets, { namespace, name: sshKeysSecretName(vm.name) }, action.uid);
  }
}

function manifestsOf({ view, hashKey }: VmExecutor, target: VmTarget): VmManifests {
  return vmManifests(target, { hashKey, present: view.presentVm(target) });
}

type ApplyAction = 'applyVirtualMachine' | 'applyService' | 'applyCloudInitSecret' | 'applySshKeysSecret';

function applyObject(executor: VmExecutor, what: ApplyAction, target: VmTarget): Promise<ActionOutcome> {
  const { client, view } = executor;
  const manifests = manifestsOf(executor, target);
  const seen = view.observeVm(target);
  switch (what) {
    case 'applyVirtualMachine':
      return apply(client, virtualMachines, manifests.virtualMachine, seen.virtualMachine !== undefined);
    case 'applyService':
      return apply(client, services, manifests.service, seen.service !== undefined);
    case 'applyCloudInitSecret':
      return apply(client, secrets, manifests.cloudInitSecret, seen.cloudInitSecret !== undefined);
    case 'applySshKeysSecret':
      return apply(client, secrets, manifests.sshKeysSecret, seen.sshKeysSecret !== undefined);
  }
}

// Nothing to apply: the spec no longer wants the object, and the next plan will say so.
function apply<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T | undefined,
  seen: boolean,
): Promise<ActionOutcome> {
  return outcomeOf(async () => (object === undefined ? undefined : applyOwned(client, kind, object, seen)));
}

function remove({ client }: VmExecutor, kind: ResourceKind, ref: ObjectRef, uid: string): Promise<ActionOutcome> {
  return outcomeOf(async () => {
    await client.delete(kind, ref, { uid, propagationPolicy: 'Background' });
    return undefined;
  });
}
