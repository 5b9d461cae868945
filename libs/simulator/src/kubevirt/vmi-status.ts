/**
 * What virt-controller does about a VMI: whether its pod is to be made or removed, and its next status.
 *
 * Pure. Until Scheduled the controller owns the VMI; from then on virt-handler does, and the controller only patches conditions
 * and fails the VMI when its pod has vanished. Two hands on one phase is what breaks real clusters, so `ownsPhase` is part of
 * the answer.
 */
import { conditionOf, hasCondition, withCondition, withoutConditions } from './conditions.ts';
import type { Condition, DataVolume, Pod, VirtualMachineInstance, VmiPhase, VmiStatus } from './objects.ts';
import { isFinal, isUnprocessed, TEMPORARY_POD_ANNOTATION } from './objects.ts';
import type { VolumesReadiness } from './volumes.ts';
import { dataVolumesReadyCondition } from './volumes.ts';

export type PodAction = 'create' | 'create-temporary' | 'delete-all' | 'delete-temporary' | 'none';

/** Why the pod could not be made; it becomes the condition Synchronized=False. */
export interface PodFailure {
  reason: string;
  message: string;
}

export interface VmiFacts {
  vmi: VirtualMachineInstance;
  /** The pod in force, temporary or not. */
  pod: Pod | undefined;
  /** Every pod that the VMI controls, including those that are going away. */
  pods: readonly Pod[];
  dataVolumes: readonly DataVolume[];
  readiness: VolumesReadiness;
  nowMs: number;
}

/** What to do with pods before the status is written. */
export function decidePod({ vmi, pod, readiness }: VmiFacts): PodAction {
  if (vmi.metadata.deletionTimestamp !== undefined) return 'delete-all';
  if (isFinal(vmi)) return 'none';
  if (pod !== undefined) return isTemporary(pod) && readiness.kind !== 'first-consumer' ? 'delete-temporary' : 'none';
  if (!isUnprocessed(vmi)) return 'none';
  if (readiness.kind === 'ready') return 'create';
  return readiness.kind === 'first-consumer' ? 'create-temporary' : 'none';
}

/** The text of the failure when a claim is missing; undefined otherwise. */
export function readinessFailure({ vmi, readiness }: VmiFacts): PodFailure | undefined {
  if (readiness.kind !== 'missing-claim' || isFinal(vmi)) return undefined;
  const message = `PVC ${vmi.metadata.namespace}/${readiness.claimName} does not exist, waiting for it to appear`;
  return { reason: 'FailedPvcNotFound', message };
}

export interface NextVmi {
  status: VmiStatus;
  /** False once virt-handler owns the VMI: then only conditions, activePods, interfaces and a failed phase may be written. */
  ownsPhase: boolean;
  /** Every pod of a final VMI is gone: the VMI's own finalizer may go. */
  releasable: boolean;
  nodeName: string | undefined;
}

/** The next status after pods were looked after; `failure` is why making the pod failed. */
export function nextVmiStatus(facts: VmiFacts, failure: PodFailure | undefined): NextVmi {
  const { vmi, pods } = facts;
  const before = vmi.status ?? {};
  const status: VmiStatus = { ...before, conditions: readyAndVolumes(facts), ...activePodsOf(facts) };
  const ownsPhase = before.phase !== 'Running' && before.phase !== 'Scheduled';
  const image = launcherPod(facts)?.spec.containers.find((container) => container.name === 'compute')?.image;
  if (image !== undefined) status.launcherContainerImageVersion = image;
  const phase = nextPhase(facts);
  status.phase = phase;
  let synchronization = failure;
  if (isUnprocessed(vmi)) addPendingConditions(status, facts, failure);
  if (before.phase === 'Scheduling') synchronization = followScheduling(status, facts) ?? failure;
  if (ownsPhase) {
    status.conditions = withSynchronized(status.conditions ?? [], synchronization, facts.nowMs);
    if (phase !== (before.phase ?? '')) recordTransition(status, phase, facts.nowMs);
  }
  const releasable = isFinal(vmi) && pods.length === 0;
  return { status, ownsPhase, releasable, nodeName: phase === 'Scheduled' ? facts.pod?.spec.nodeName : undefined };
}

/** Adds the phase's time to the status, once per phase. */
export function recordTransition(status: VmiStatus, phase: VmiPhase, nowMs: number): void {
  const before = status.phaseTransitionTimestamps ?? [];
  if (before.some((transition) => transition.phase === phase)) return;
  const phaseTransitionTimestamp = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  status.phaseTransitionTimestamps = [...before, { phase, phaseTransitionTimestamp }];
}

/** Whether the pod is only there to make a WaitForFirstConsumer claim choose its node. */
export function isTemporary(pod: Pod): boolean {
  return pod.metadata.annotations?.[TEMPORARY_POD_ANNOTATION] === 'true';
}

function launcherPod({ pod }: VmiFacts): Pod | undefined {
  return pod === undefined || isTemporary(pod) ? undefined : pod;
}

function nextPhase(facts: VmiFacts): VmiPhase {
  const { vmi, dataVolumes } = facts;
  const pod = launcherPod(facts);
  const phase = vmi.status?.phase ?? '';
  if (isUnprocessed(vmi)) {
    if (pod !== undefined) return 'Scheduling';
    const failed = dataVolumes.some((dataVolume) => dataVolume.status?.phase === 'Failed');
    return vmi.metadata.deletionTimestamp !== undefined || failed || temporaryPodFailed(facts) ? 'Failed' : 'Pending';
  }
  if (phase === 'Scheduling') return pod === undefined ? 'Failed' : phaseWhileScheduling(vmi, pod);
  if ((phase === 'Running' || phase === 'Scheduled') && pod === undefined) return 'Failed';
  return phase;
}

function phaseWhileScheduling(vmi: VirtualMachineInstance, pod: Pod): VmiPhase {
  if (isPodReady(pod) && vmi.metadata.deletionTimestamp === undefined) return 'Scheduled';
  return isGoingDown(pod) ? 'Failed' : 'Scheduling';
}

function temporaryPodFailed({ pod, dataVolumes }: VmiFacts): boolean {
  if (pod === undefined || !isTemporary(pod)) return false;
  const waiting = dataVolumes.some((dataVolume) => dataVolume.status?.phase === 'WaitForFirstConsumer');
  return waiting && (pod.status?.phase === 'Failed' || pod.metadata.deletionTimestamp !== undefined);
}

function readyAndVolumes(facts: VmiFacts): Condition[] {
  const ready = withCondition(facts.vmi.status?.conditions, readyCondition(facts));
  const volumes = dataVolumesReadyCondition(facts.dataVolumes);
  return volumes === undefined ? ready : withCondition(ready, volumes);
}

function readyCondition(facts: VmiFacts): Condition {
  const pod = launcherPod(facts);
  const now = new Date(facts.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const notReady = (reason: string, message: string): Condition => ({
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastProbeTime: now,
    lastTransitionTime: now,
  });
  if (pod === undefined) return notReady('PodNotExists', 'virt-launcher pod has not yet been scheduled');
  if (isGoingDown(pod)) return notReady('PodTerminating', 'virt-launcher pod is terminating');
  if (facts.vmi.status?.phase !== 'Running') return notReady('GuestNotRunning', 'Guest VM is not reported as running');
  const podReady = conditionOf(pod.status?.conditions, 'Ready');
  if (podReady === undefined)
    return notReady('PodConditionMissing', 'virt-launcher pod is missing the Ready condition');
  return { lastProbeTime: null, lastTransitionTime: now, ...podReady };
}

function activePodsOf({ vmi, pods }: VmiFacts): { activePods?: Record<string, string> } {
  if (pods.length === 0 && vmi.status?.activePods === undefined) return {};
  return { activePods: Object.fromEntries(pods.map((pod) => [pod.metadata.uid ?? '', pod.spec.nodeName ?? ''])) };
}

function addPendingConditions(status: VmiStatus, facts: VmiFacts, failure: PodFailure | undefined): void {
  if (status.phase !== 'Pending') return;
  if (facts.dataVolumes.some((dataVolume) => dataVolume.status?.phase === 'WaitForFirstConsumer')) {
    status.conditions = withCondition(status.conditions, plain('Provisioning', 'True'));
  }
  if (failure?.reason === 'FailedPvcNotFound') {
    const unschedulable = { ...plain('PodScheduled', 'False'), reason: 'Unschedulable', message: failure.message };
    status.conditions = withCondition(status.conditions, unschedulable);
  }
}

/** Follows the pod's scheduling and images; gives the image failure when there is one. */
function followScheduling(status: VmiStatus, facts: VmiFacts): PodFailure | undefined {
  const pod = launcherPod(facts);
  status.conditions = withoutConditions(status.conditions, 'Provisioning');
  if (pod === undefined) return undefined;
  if (pod.status?.qosClass !== undefined) status.qosClass = pod.status.qosClass;
  status.conditions = followPodScheduled(status.conditions, pod);
  if (status.phase === 'Scheduled' && pod.spec.nodeName !== undefined) status.nodeName = pod.spec.nodeName;
  return imageFailure(pod);
}

function followPodScheduled(conditions: Condition[], pod: Pod): Condition[] {
  const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.status !== 'False') return withoutConditions(conditions, 'PodScheduled');
  return withCondition(conditions, { lastProbeTime: null, lastTransitionTime: null, ...scheduled });
}

function imageFailure(pod: Pod): PodFailure | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = statuses.map((container) => container.state?.waiting);
  const bad = waiting.find((state) => state?.reason === 'ErrImagePull' || state?.reason === 'ImagePullBackOff');
  return bad?.reason === undefined ? undefined : { reason: bad.reason, message: bad.message ?? '' };
}

function withSynchronized(conditions: Condition[], failure: PodFailure | undefined, nowMs: number): Condition[] {
  if (failure === undefined) return withoutConditions(conditions, 'Synchronized');
  if (hasCondition(conditions, 'Synchronized', 'False', failure.reason)) return conditions;
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const { reason, message } = failure;
  const next: Condition = {
    type: 'Synchronized',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  return [...withoutConditions(conditions, 'Synchronized'), next];
}

function plain(type: string, status: 'True' | 'False'): Condition {
  return { type, status, lastProbeTime: null, lastTransitionTime: null };
}

function isPodReady(pod: Pod): boolean {
  if (isGoingDown(pod) || pod.status?.phase !== 'Running') return false;
  return (pod.status.containerStatuses ?? []).every((container) =>
    container.name === 'compute' ? container.state?.running !== undefined : container.ready === true,
  );
}

function isGoingDown(pod: Pod): boolean {
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const compute = pod.status?.containerStatuses?.find((container) => container.name === 'compute');
  return ended || compute?.state?.terminated !== undefined || pod.metadata.deletionTimestamp !== undefined;
}
