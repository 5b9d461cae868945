/** Performs what a machine's plan decided, one action at a time. Decides nothing itself. */
import type { ObservedService, VmAction } from '@compute/domain';
import type { KubeObject, ObjectRef, ResourceKind } from '@compute/kube-client';
import { type Service, secrets, services, virtualMachines } from '../kinds.ts';
import type { HashKeys } from '../manifests/manifest-hash.ts';
import { cloudInitSecretName, sshKeysSecretName, vmObjectName } from '../manifests/object-names.ts';
import { FIELD_MANAGER } from '../manifests/ownership.ts';
import type { VmTarget } from '../targets.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { type ActionOutcome, outcomeOf } from './action-outcome.ts';
import { type ApplyPorts, applyOwned } from './apply-owned.ts';
import { ensureNamespace } from './disk-actions.ts';
import { plugDisk, unplugDisk } from './disk-plugs.ts';
import { deleteMachine, hurryMachine, setPaused, startMachine } from './power-actions.ts';
import { type VmManifests, vmManifests } from './vm-manifests.ts';

export interface VmExecutor extends ApplyPorts {
  readonly view: ClusterView;
  readonly hashKeys: HashKeys;
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

function manifestsOf({ view, hashKeys }: VmExecutor, target: VmTarget): VmManifests {
  return vmManifests(target, { hashKeys, present: view.presentVm(target) });
}

type ApplyAction = 'applyVirtualMachine' | 'applyService' | 'applyCloudInitSecret' | 'applySshKeysSecret';

function applyObject(executor: VmExecutor, what: ApplyAction, target: VmTarget): Promise<ActionOutcome> {
  const { view } = executor;
  const manifests = manifestsOf(executor, target);
  const seen = view.observeVm(target);
  switch (what) {
    case 'applyVirtualMachine':
      return apply(executor, virtualMachines, manifests.virtualMachine, seen.virtualMachine !== undefined);
    case 'applyService':
      return applyService(executor, manifests.service, seen.service);
    case 'applyCloudInitSecret':
      return apply(executor, secrets, manifests.cloudInitSecret, seen.cloudInitSecret !== undefined);
    case 'applySshKeysSecret':
      return apply(executor, secrets, manifests.sshKeysSecret, seen.sshKeysSecret !== undefined);
  }
}

// Nothing to apply: the spec no longer wants the object, and the next plan will say so.
function apply<T extends KubeObject>(
  ports: ApplyPorts,
  kind: ResourceKind<T>,
  object: T | undefined,
  seen: boolean,
): Promise<ActionOutcome> {
  return outcomeOf(async () => (object === undefined ? undefined : applyOwned(ports, kind, object, seen)));
}

/** Applying leaves the ports that others put beside ours, and one port too many is a door too many: those are taken away. */
function applyService(
  ports: ApplyPorts,
  service: Service | undefined,
  seen: ObservedService | undefined,
): Promise<ActionOutcome> {
  if (service === undefined || !hasForeignPorts(service, seen))
    return apply(ports, services, service, seen !== undefined);
  return outcomeOf(async () => {
    const patch = { spec: { ports: service.spec.ports } };
    await ports.client.mergePatch(services, service.metadata, patch, { fieldManager: FIELD_MANAGER });
    return applyOwned(ports, services, service, true);
  });
}

function hasForeignPorts({ spec }: Service, seen: ObservedService | undefined): boolean {
  const wanted = new Set((spec.ports ?? []).map(({ port }) => port));
  return (seen?.ports ?? []).some((port) => !wanted.has(port));
}

function remove({ client }: VmExecutor, kind: ResourceKind, ref: ObjectRef, uid: string): Promise<ActionOutcome> {
  return outcomeOf(async () => {
    await client.delete(kind, ref, { uid, propagationPolicy: 'Background' });
    return undefined;
  });
}
