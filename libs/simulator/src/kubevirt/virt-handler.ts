/**
 * Plays virt-handler on all nodes: takes a scheduled VMI to Running, reports the guest, and ends it when its time has come.
 *
 * A player, not an imitation of a controller: nobody else may write the phase of a VMI from Scheduled on. All waits are cluster time.
 */
import { Controller } from '../controller.ts';
import { pods } from '../kinds.ts';
import { exitAnnotation } from '../pod-channel.ts';
import { conditionOf, hasCondition, withCondition, withoutConditions } from './conditions.ts';
import type { ControllerContext } from './controller-context.ts';
import type { GuestFacts } from './guest-status.ts';
import { agentStatus, bootedStatus, endedStatus, pausedCondition, rebootingStatus } from './guest-status.ts';
import type { GuestRule } from './guest-switches.ts';
import { GuestSwitches } from './guest-switches.ts';
import { virtualMachineInstances } from './kinds.ts';
import type { KubeVirtCache } from './kubevirt-cache.ts';
import type { Pod, VirtualMachineInstance, VmiStatus } from './objects.ts';
import { controllerOf, isFinal } from './objects.ts';
import { pluggedStatus } from './plugged-status.ts';
import { isTemporary } from './vmi-status.ts';

export interface VirtHandlerOptions {
  /** From the pod running to the guest running, 1.5 s. */
  bootMs?: number;
  /** From the guest running to its agent answering, 12 s. */
  agentMs?: number;
  /** What a guest takes to shut down in order, 2 s (never more than its grace period). */
  shutdownMs?: number;
  /** What it takes to mount a volume, to give it to the guest, or to take it back, 0.5 s each. */
  plugMs?: number;
  /** Nodes of which nothing is heard: their VMIs are left as they are. */
  isNodeLost?: (nodeName: string) => boolean;
  switches?: GuestSwitches;
}

/** When something is due for one VMI, in real milliseconds of the monotonic clock. */
interface Timers {
  bootAt?: number;
  agentAt?: number;
  plugAt?: number;
  endAt?: number;
  /** The grace with which the end was reckoned, in cluster milliseconds. */
  graceMs?: number;
}

const DEFAULT_GRACE_SECONDS = 30;

export class VirtHandler {
  readonly switches: GuestSwitches;
  readonly #context: ControllerContext;
  readonly #cache: KubeVirtCache;
  readonly #options: VirtHandlerOptions;
  readonly #controller: Controller;
  readonly #timers = new Map<string, Timers>();
  #unsubscribe: () => void = () => undefined;

  constructor(context: ControllerContext, cache: KubeVirtCache, options: VirtHandlerOptions = {}) {
    this.#context = context;
    this.#cache = cache;
    this.#options = options;
    this.switches = options.switches ?? new GuestSwitches();
    this.#controller = new Controller({
      name: 'guest',
      clock: context.clock,
      reconcile: (key) => this.#process(key),
      onError: context.onError,
    });
  }

  start(): void {
    const { vmis, pods: launchers } = this.#cache;
    this.#controller
      .watch(vmis, ({ type, key, object }) => {
        if (type === 'deleted') this.#timers.delete(object.metadata.uid ?? '');
        return [key];
      })
      .watch(launchers, ({ object }) => ownerKeys(object));
    this.#unsubscribe = this.switches.onChange(() => this.lookAgain());
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#controller.stop();
  }

  /** Looks at every VMI again, after something outside of the cluster changed (a switch, a node). */
  lookAgain(): void {
    for (const key of this.#cache.vmis.keys()) this.#controller.add(key);
  }

  async #process(key: string): Promise<undefined> {
    const vmi = this.#cache.vmis.getByKey(key);
    if (vmi === undefined) return;
    if (isFinal(vmi)) await this.#endLaunchers(vmi);
    else await this.#lookAfter(key, vmi);
  }

  /** The launcher of a guest that has ended exits, so its pod ends too. */
  async #endLaunchers(vmi: VirtualMachineInstance): Promise<void> {
    const exitCode = vmi.status?.phase === 'Succeeded' ? '0' : '1';
    for (const { metadata, status } of this.#cache.podsOf(vmi)) {
      const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      if (ended || metadata.annotations?.[exitAnnotation] !== undefined) continue;
      const patch = { metadata: { uid: metadata.uid, annotations: { [exitAnnotation]: exitCode } } };
      await this.#context.client.mergePatch(pods, metadata, patch);
    }
  }

  async #lookAfter(key: string, vmi: VirtualMachineInstance): Promise<void> {
    const pod = this.#cache.podsOf(vmi).findLast((one) => !isTemporary(one));
    const nodeName = vmi.status?.nodeName;
    if (pod === undefined || nodeName === undefined || this.#options.isNodeLost?.(nodeName) === true) return;
    const phase = vmi.status?.phase;
    if (phase !== 'Scheduled' && phase !== 'Running') return;
    // The launcher takes its guest along: killed, evicted, or ended before there was a guest.
    if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return this.#end(vmi, 'Failed');
    const rule = this.switches.ruleFor(vmi);
    if (rule.ends !== undefined && phase === 'Running') return this.#end(vmi, rule.ends);
    if (isGoing(vmi, pod)) return this.#shutDown(key, vmi, pod, rule);
    if (phase === 'Scheduled') return this.#boot(key, vmi, pod, rule);
    if (await this.#plugVolumes(key, vmi)) return;
    await this.#connectAgent(key, vmi, pod, rule);
  }

  /** One step of the volumes that come and go; false when there is none to do. */
  async #plugVolumes(key: string, vmi: VirtualMachineInstance): Promise<boolean> {
    const volumeStatus = pluggedStatus(vmi);
    if (volumeStatus === undefined) return false;
    if (!this.#isDue(key, vmi, 'plugAt', this.#options.plugMs ?? 500)) return true;
    await this.#write(vmi, { ...vmi.status, volumeStatus });
    delete this.#timers.get(vmi.metadata.uid ?? '')?.plugAt;
    return true;
  }

  async #boot(key: string, vmi: VirtualMachineInstance, pod: Pod, rule: GuestRule): Promise<void> {
    if (pod.status?.podIP === undefined) return;
    const waitMs = rule.bootMs ?? this.#options.bootMs ?? 1_500;
    if (!this.#isDue(key, vmi, 'bootAt', waitMs)) return;
    await this.#write(vmi, bootedStatus(this.#facts(vmi, pod)));
  }

  async #connectAgent(key: string, vmi: VirtualMachineInstance, pod: Pod, rule: GuestRule): Promise<void> {
    const conditions = vmi.status?.conditions;
    if (rule.agent === false || hasCondition(conditions, 'Paused', 'True')) return;
    if (conditionOf(conditions, 'AgentConnected') !== undefined) return;
    if (!this.#isDue(key, vmi, 'agentAt', this.#options.agentMs ?? 12_000)) return;
    await this.#write(vmi, agentStatus(this.#facts(vmi, pod)));
  }

  async #shutDown(key: string, vmi: VirtualMachineInstance, pod: Pod, rule: GuestRule): Promise<void> {
    const ownSeconds = vmi.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    const graceMs = Math.min(ownSeconds, pod.metadata.deletionGracePeriodSeconds ?? ownSeconds) * 1000;
    const orderlyMs = rule.ignoresShutdown === true ? graceMs : (this.#options.shutdownMs ?? 2_000);
    this.#hurry(vmi, graceMs);
    if (!this.#isDue(key, vmi, 'endAt', Math.min(graceMs, orderlyMs))) return;
    await this.#end(vmi, 'Succeeded');
  }

  /** A pod that is deleted again with less grace takes its guest along sooner. */
  #hurry(vmi: VirtualMachineInstance, graceMs: number): void {
    const timers = this.#timers.get(vmi.metadata.uid ?? '');
    if (timers?.endAt !== undefined && timers.graceMs !== undefined && graceMs < timers.graceMs) {
      timers.endAt = Math.min(timers.endAt, performance.now() + this.#context.clock.realMs(graceMs));
    }
    this.#timers.set(vmi.metadata.uid ?? '', { ...timers, graceMs });
  }

  async #end(vmi: VirtualMachineInstance, phase: 'Succeeded' | 'Failed'): Promise<void> {
    await this.#write(vmi, endedStatus(vmi, phase, Date.now()));
    this.switches.consumeEnd(vmi);
  }

  /** Whether the wait that began with the first question is over; otherwise the VMI is looked at again then. */
  #isDue(key: string, vmi: VirtualMachineInstance, timer: keyof Timers, waitMs: number): boolean {
    const uid = vmi.metadata.uid ?? '';
    const timers = this.#timers.get(uid) ?? {};
    this.#timers.set(uid, timers);
    const { clock } = this.#context;
    const dueAt = timers[timer] ?? performance.now() + clock.realMs(waitMs);
    timers[timer] = dueAt;
    const leftMs = dueAt - performance.now();
    if (leftMs <= 0) return true;
    this.#controller.addAfter(key, leftMs * clock.scale + 1);
    return false;
  }

  #facts(vmi: VirtualMachineInstance, pod: Pod): GuestFacts {
    return { vmi, pod, lookup: this.#cache.lookup(vmi.metadata.namespace ?? ''), nowMs: Date.now() };
  }

  async #write(vmi: VirtualMachineInstance, status: VmiStatus): Promise<VirtualMachineInstance> {
    return this.#context.client.replace(virtualMachineInstances, { ...vmi, status });
  }

  /** Suspends a running guest. The caller has checked that it runs and is not paused. */
  async pause(vmi: VirtualMachineInstance): Promise<void> {
    const conditions = withCondition(vmi.status?.conditions, pausedCondition(Date.now()));
    await this.#write(vmi, { ...vmi.status, conditions });
  }

  /** Resumes a paused guest. */
  async unpause(vmi: VirtualMachineInstance): Promise<void> {
    await this.#write(vmi, { ...vmi.status, conditions: withoutConditions(vmi.status?.conditions, 'Paused') });
  }

  /** Reboots the guest's system: the same VMI, its agent away until it is up again. */
  async reboot(vmi: VirtualMachineInstance): Promise<void> {
    delete this.#timers.get(vmi.metadata.uid ?? '')?.agentAt;
    await this.#write(vmi, rebootingStatus(vmi));
  }
}

function ownerKeys(pod: Pod): string[] {
  const owner = controllerOf(pod.metadata);
  return owner?.kind === 'VirtualMachineInstance' ? [`${pod.metadata.namespace ?? ''}/${owner.name}`] : [];
}

function isGoing(vmi: VirtualMachineInstance, pod: Pod): boolean {
  return vmi.metadata.deletionTimestamp !== undefined || pod.metadata.deletionTimestamp !== undefined;
}
