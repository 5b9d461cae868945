/**
 * What is done to a machine's running incarnation. Whatever ends one names its uid, so that a picture that lags behind
 * never ends its successor. KubeVirt's own restart and stop know no such condition and rewrite the run strategy, which is
 * ours; they are not used.
 */
import type { KubeClient, ObjectRef } from '@compute/kube-client';
import { pods, virtualMachineInstances } from '../kinds.ts';
import { vmObjectName } from '../manifests/object-names.ts';
import type { VmTarget } from '../targets.ts';
import { type ActionOutcome, outcomeOf } from './action-outcome.ts';

/** The least that a kubelet takes for "at once"; 0 would forget the pod while its guest may still write to its disks. */
const AT_ONCE_SECONDS = 1;

/** The cluster makes the next incarnation where the run strategy wants one. */
export function deleteMachine(client: KubeClient, target: VmTarget, uid: string): Promise<ActionOutcome> {
  return outcomeOf(async () => {
    await client.delete(virtualMachineInstances, refOf(target), { uid, propagationPolicy: 'Background' });
    return undefined;
  });
}

/** Shortens the time that the guest has, as virt-api's forced restart does: by the grace of the launcher's pod. */
export function hurryMachine(
  client: KubeClient,
  { namespace }: VmTarget,
  { uid, graceSeconds }: { readonly uid: string; readonly graceSeconds: number },
): Promise<ActionOutcome> {
  const gracePeriodSeconds = Math.max(AT_ONCE_SECONDS, graceSeconds);
  const labelSelector = `kubevirt.io=virt-launcher,kubevirt.io/created-by=${uid}`;
  return outcomeOf(async () => {
    const { items } = await client.list(pods, { namespace, labelSelector });
    for (const { metadata } of items) {
      const present = metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY;
      if (present <= gracePeriodSeconds) continue;
      const pod = { namespace, name: metadata.name };
      await client.delete(pods, pod, { gracePeriodSeconds, ...(metadata.uid ? { uid: metadata.uid } : {}) });
    }
    return undefined;
  });
}

/** Asks for an incarnation where the run strategy makes none by itself. */
export function startMachine(client: KubeClient, target: VmTarget): Promise<ActionOutcome> {
  return callSubresource(client, 'virtualmachines', target, 'start');
}

export function setPaused(client: KubeClient, target: VmTarget, verb: 'pause' | 'unpause'): Promise<ActionOutcome> {
  return callSubresource(client, 'virtualmachineinstances', target, verb);
}

function callSubresource(
  client: KubeClient,
  plural: string,
  target: VmTarget,
  subresource: string,
): Promise<ActionOutcome> {
  const address = { group: 'subresources.kubevirt.io', version: 'v1', plural, subresource };
  return outcomeOf(async () => {
    await client.subresource('PUT', { ...address, ...refOf(target) }, {});
    return undefined;
  });
}

function refOf({ vm, namespace }: VmTarget): Required<ObjectRef> {
  return { namespace, name: vmObjectName(vm.name) };
}
