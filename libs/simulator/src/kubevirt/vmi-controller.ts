/**
 * virt-controller's half that looks after VirtualMachineInstances: makes and removes the launcher pod and keeps the VMI's status
 * until virt-handler takes over.
 */
import { isAlreadyExists, KubeError } from '@compute/kube-client';
import { Controller } from '../controller.ts';
import { EventRecorder } from '../event-recorder.ts';
import { pods } from '../kinds.ts';
import type { ControllerContext } from './controller-context.ts';
import { SyncError, withoutRefusals } from './controller-context.ts';
import { Expectations } from './expectations.ts';
import { hotVolumes, nextVolumeStatus } from './hotplug-volumes.ts';
import { virtualMachineInstances } from './kinds.ts';
import type { KubeVirtCache } from './kubevirt-cache.ts';
import { launcherPod } from './launcher-pod.ts';
import type { Pod, VirtualMachineInstance, VmiStatus } from './objects.ts';
import { controllerOf, isFinal, VM_FINALIZER, VMI_FINALIZER } from './objects.ts';
import { sameJson } from './same-json.ts';
import { messageOf } from './vm-power.ts';
import type { NextVmi, PodFailure, VmiFacts } from './vmi-status.ts';
import { decidePod, isTemporary, nextVmiStatus, readinessFailure } from './vmi-status.ts';
import { VolumeAttacher } from './volume-attacher.ts';
import { dataVolumesOf, volumesReadiness } from './volumes.ts';

export class VmiController {
  readonly #context: ControllerContext;
  readonly #cache: KubeVirtCache;
  readonly #controller: Controller;
  readonly #recorder: EventRecorder;
  /** Pods that were created for a VMI (by its key) and not seen yet. */
  readonly #expectations = new Expectations();

  constructor(context: ControllerContext, cache: KubeVirtCache) {
    this.#context = context;
    this.#cache = cache;
    this.#recorder = new EventRecorder(context.client, 'virtualmachine-controller', context.onError);
    this.#controller = new Controller({
      name: 'virtual machine instance',
      clock: context.clock,
      reconcile: (key) => this.#process(key),
      onError: withoutRefusals(context.onError),
    });
  }

  /** Begins to work. */
  start(): void {
    const { vmis, vms, pods: launchers, dataVolumes, claims } = this.#cache;
    this.#controller
      .watch(vmis, ({ key }) => [key])
      .watch(vms, ({ type, key }) => (type === 'deleted' ? [key] : []))
      .watch(launchers, ({ object }) => this.#ownersOf(object))
      .watch(dataVolumes, ({ object }) => this.#cache.usersOf(object).vmis)
      .watch(claims, ({ object }) => this.#cache.usersOf(object).vmis);
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  #ownersOf(pod: Pod): string[] {
    const owner = controllerOf(this.#launcherOf(pod).metadata);
    if (owner?.kind !== 'VirtualMachineInstance') return [];
    const key = `${pod.metadata.namespace ?? ''}/${owner.name}`;
    this.#expectations.observe(key, pod);
    return [key];
  }

  /** The pod itself, or the launcher pod that it brings volumes to. */
  #launcherOf(pod: Pod): Pod {
    const owner = controllerOf(pod.metadata);
    return (owner?.kind === 'Pod' ? this.#cache.pods.get(pod.metadata.namespace, owner.name) : undefined) ?? pod;
  }

  async #process(key: string): Promise<undefined> {
    const vmi = this.#cache.vmis.getByKey(key);
    if (vmi === undefined) this.#expectations.forget(key);
    else if (this.#expectations.areMet(key)) await this.#pass(key, vmi);
  }

  async #pass(key: string, vmi: VirtualMachineInstance): Promise<void> {
    const facts = this.#factsOf(vmi);
    const failure = (await this.#lookAfterPods(key, facts)) ?? readinessFailure(facts);
    if (failure?.reason === 'FailedPvcNotFound')
      void this.#recorder.tell(vmi, 'Normal', failure.reason, failure.message);
    const volumes = await this.#lookAfterVolumes(key, facts);
    const next = nextVmiStatus(facts, failure);
    await this.#write(vmi, { ...next, status: { ...next.status, ...volumes } });
    if (failure?.reason === 'FailedCreate') throw new SyncError(failure.reason, failure.message);
  }

  #factsOf(vmi: VirtualMachineInstance): VmiFacts {
    const owned = this.#cache.podsOf(vmi);
    const lookup = this.#cache.lookup(vmi.metadata.namespace ?? '');
    return {
      vmi,
      pod: owned.at(-1),
      pods: owned,
      dataVolumes: dataVolumesOf(vmi, lookup),
      readiness: volumesReadiness(vmi.spec.volumes ?? [], lookup),
      nowMs: Date.now(),
    };
  }

  /** Makes or removes pods; a pod that was made joins the facts. Gives the failure when it was refused. */
  async #lookAfterPods(key: string, facts: VmiFacts): Promise<PodFailure | undefined> {
    switch (decidePod(facts)) {
      case 'create':
        return this.#create(key, facts, false);
      case 'create-temporary':
        return this.#create(key, facts, true);
      case 'delete-all':
        await this.#deletePods(facts, () => true);
        return undefined;
      case 'delete-temporary':
        await this.#deletePods(facts, isTemporary);
        return undefined;
      case 'none':
        return undefined;
    }
  }

  async #create(key: string, facts: VmiFacts, temporary: boolean): Promise<PodFailure | undefined> {
    const { vmi } = facts;
    const pod = launcherPod(vmi, { random: this.#context.random, temporary });
    try {
      const created = await this.#context.client.create(pods, pod);
      const seen = this.#cache.pods.get(created.metadata.namespace, created.metadata.name);
      this.#expectations.expectCreation(key, created.metadata.uid ?? '', seen);
      Object.assign(facts, { pod: created, pods: [...facts.pods, created] });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status === 0 || isAlreadyExists(error)) throw error;
      void this.#recorder.tell(vmi, 'Warning', 'FailedCreate', `Error creating pod: ${messageOf(error)}`);
      return { reason: 'FailedCreate', message: `failed to create virtual machine pod: ${messageOf(error)}` };
    }
    void this.#recorder.tell(vmi, 'Normal', 'SuccessfulCreate', `Created virtual machine pod ${pod.metadata.name}`);
    return undefined;
  }

  async #deletePods(facts: VmiFacts, wanted: (pod: Pod) => boolean): Promise<void> {
    for (const pod of facts.pods.filter(wanted)) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const { namespace = '', name, uid = '' } = pod.metadata;
      await this.#context.client.delete(pods, { namespace, name }, { uid });
      const what = isTemporary(pod) ? 'WaitForFirstConsumer temporary pod' : 'virtual machine pod';
      void this.#recorder.tell(facts.vmi, 'Normal', 'SuccessfulDelete', `Deleted ${what} ${name}`);
    }
  }

  /** Volumes that come and go while the machine runs. A machine that goes takes its attachment pods along. */
  async #lookAfterVolumes(key: string, { vmi, pods: owned }: VmiFacts): Promise<Pick<VmiStatus, 'volumeStatus'>> {
    const launcher = owned.findLast((pod) => !isTemporary(pod));
    if (launcher === undefined) return {};
    const attachmentPods = this.#cache.podsOf(launcher);
    const attacher = this.#attacher(key);
    const isGoing = vmi.metadata.deletionTimestamp !== undefined || isFinal(vmi);
    if (isGoing || launcher.metadata.deletionTimestamp !== undefined) {
      await attacher.remove(vmi, attachmentPods);
      return {};
    }
    const lookup = this.#cache.lookup(vmi.metadata.namespace ?? '');
    const facts = { vmi, launcher, attachmentPods, lookup };
    const isKnown = (vmi.status?.volumeStatus ?? []).some(({ hotplugVolume }) => hotplugVolume !== undefined);
    if (hotVolumes(facts).length === 0 && !isKnown && attachmentPods.length === 0) return {};
    if (launcher.status?.phase === 'Running') await attacher.attach(facts);
    const volumeStatus = nextVolumeStatus(facts);
    attacher.tell(vmi, volumeStatus);
    return { volumeStatus };
  }

  #attacher(key: string): VolumeAttacher {
    return new VolumeAttacher(this.#context, this.#recorder, (pod) => {
      const seen = this.#cache.pods.get(pod.metadata.namespace, pod.metadata.name);
      this.#expectations.expectCreation(key, pod.metadata.uid ?? '', seen);
    });
  }

  async #write(vmi: VirtualMachineInstance, { status, nodeName, releasable }: NextVmi): Promise<void> {
    const metadata = { ...vmi.metadata };
    if (nodeName !== undefined) metadata.labels = { ...metadata.labels, 'kubevirt.io/nodeName': nodeName };
    if (releasable) metadata.finalizers = this.#keptFinalizers(vmi);
    const next = { ...vmi, metadata, status };
    if (sameJson(next, vmi)) return;
    await this.#context.client.replace(virtualMachineInstances, next);
  }

  /** A VMI whose pods are gone keeps the VM controller's finalizer while its VM exists. */
  #keptFinalizers(vmi: VirtualMachineInstance): string[] {
    const owner = controllerOf(vmi.metadata);
    const vm = owner === undefined ? undefined : this.#cache.vms.get(vmi.metadata.namespace, owner.name);
    const owned = vm !== undefined && vm.metadata.uid === owner?.uid;
    return (vmi.metadata.finalizers ?? []).filter(
      (finalizer) => finalizer !== VMI_FINALIZER && (owned || finalizer !== VM_FINALIZER),
    );
  }
}
