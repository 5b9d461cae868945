/** virt-controller's hands for volumes that come to a machine while it runs: makes and removes attachment pods. */
import { isNotFound } from '@compute/kube-client';
import type { EventRecorder } from '../event-recorder.ts';
import { pods } from '../kinds.ts';
import { attachmentPod } from './attachment-pod.ts';
import type { ControllerContext } from './controller-context.ts';
import type { HotplugFacts } from './hotplug-volumes.ts';
import { planAttachments } from './hotplug-volumes.ts';
import { suffix } from './launcher-pod.ts';
import type { Pod, VirtualMachineInstance, VolumeStatus } from './objects.ts';

export class VolumeAttacher {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #onCreated: (pod: Pod) => void;

  /** `onCreated` hears of each pod, so that it is waited for. */
  constructor(context: ControllerContext, recorder: EventRecorder, onCreated: (pod: Pod) => void) {
    this.#context = context;
    this.#recorder = recorder;
    this.#onCreated = onCreated;
  }

  async attach(facts: HotplugFacts): Promise<void> {
    const { create, remove } = planAttachments(facts);
    if (create !== undefined) {
      const wanted = attachmentPod(facts.launcher, create, suffix(this.#context.random));
      const pod = await this.#context.client.create(pods, wanted);
      this.#onCreated(pod);
      void this.#recorder.tell(facts.vmi, 'Normal', 'SuccessfulCreate', `Created attachment pod ${pod.metadata.name}`);
    }
    await this.remove(facts.vmi, remove);
  }

  /** Tells of the volumes that their attachment pod has just brought to the node. */
  tell(vmi: VirtualMachineInstance, volumeStatus: readonly VolumeStatus[]): void {
    const before = new Map((vmi.status?.volumeStatus ?? []).map(({ name, phase }) => [name, phase]));
    for (const { name, phase, reason = '', message = '' } of volumeStatus) {
      const isNew = phase === 'AttachedToNode' && before.get(name) !== phase;
      if (isNew) void this.#recorder.tell(vmi, 'Normal', reason, message);
    }
  }

  async remove(vmi: VirtualMachineInstance, attachmentPods: readonly Pod[]): Promise<void> {
    for (const { metadata } of attachmentPods) {
      if (metadata.deletionTimestamp !== undefined) continue;
      const { namespace = '', name, uid = '' } = metadata;
      try {
        await this.#context.client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      void this.#recorder.tell(vmi, 'Normal', 'SuccessfulDelete', `Deleted attachment pod ${name}`);
    }
  }
}
