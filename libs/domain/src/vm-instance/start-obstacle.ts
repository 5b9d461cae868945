/**
 * Why a machine does not come up: one failure for each cause, with the cluster's words for the operator. The words come
 * from conditions that KubeVirt copies from the pod, or from the pod itself where KubeVirt says nothing.
 */
import { vmFailure } from '../failures/vm-failures.ts';
import type { ObservedCondition } from '../plan.ts';
import type { FailureReport } from '../resource.ts';
import type { ObservedMachine, VmObserved } from './observed.ts';
import type { VmInstance } from './vm-instance.ts';

/** The machine's pod is not made, or its image not found. */
export function launchFailure({ synchronized }: ObservedMachine): FailureReport | undefined {
  if (synchronized?.status !== 'False') return undefined;
  const { reason, message } = synchronized;
  if (/ErrImagePull|ImagePullBackOff/.test(reason)) return vmFailure('LauncherImageMissing', { detail: message });
  return reason.startsWith('Failed') ? launchRefused(message) : undefined;
}

/** The cluster does not make the pod of the machine. */
export function launchRefused(words: string): FailureReport {
  const isQuota = /exceeded quota/i.test(words);
  return vmFailure(isQuota ? 'ClusterComputeQuota' : 'LaunchRefused', { detail: words });
}

/** No node takes the machine at present. */
export function unschedulable({ scheduled }: ObservedMachine): FailureReport | undefined {
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  const lacksHugepages = /hugepages-/i.test(scheduled.message);
  return vmFailure(lacksHugepages ? 'HugepagesMissing' : 'Unschedulable', { detail: scheduled.message });
}

export function lostNode({ nodeName, ready }: ObservedMachine): FailureReport {
  const words = [nodeName === undefined ? '' : `node ${nodeName}`, ready?.message ?? ''].filter((text) => text !== '');
  return vmFailure('NodeLost', { detail: words.join(': ') });
}

/** The machine ended before it ran, at least once; undefined when it did not. */
export function startFailure(
  { status }: VmInstance,
  { virtualMachine, lastCrash }: VmObserved,
): FailureReport | undefined {
  const failures = virtualMachine?.startFailures ?? 0;
  if (failures === 0) return undefined;
  const detail = `${failures} failed starts${lastCrash ? `; the last ended with ${lastCrash.reason}` : ''}`;
  // The pod that tells is gone a moment later; what it told stands until the machine runs.
  const wasMemory = lastCrash ? lastCrash.reason === 'OOMKilled' : status.failure?.code === 'LauncherOutOfMemory';
  return vmFailure(wasMemory ? 'LauncherOutOfMemory' : 'StartFails', { detail });
}

/** The machine names what the cluster lacks; undefined for other refusals. */
export function missingEntry({
  reason,
  message,
}: Pick<ObservedCondition, 'reason' | 'message'>): FailureReport | undefined {
  if (/Preference/i.test(reason)) return vmFailure('ProfileMissing', { detail: message });
  if (/Instancetype/i.test(reason)) return vmFailure('InstanceTypeMissing', { detail: message });
  return undefined;
}

const NAMES_LACKING = /\bfind\b[^.]*\b(instancetype|preference)\b|\b(instancetype|preference)s?[^:]*\bnot found\b/i;

/** As {@link missingEntry}, from the words with which the cluster refuses the machine at the door. */
export function missingEntryRefused(words: string): FailureReport | undefined {
  const match = NAMES_LACKING.exec(words);
  return match ? missingEntry({ reason: match[1] ?? match[2] ?? '', message: words }) : undefined;
}

/** What the machine names and the cluster lacks, as long as the same spec waits to be taken. */
export function standingRefusal({ status, generation }: VmInstance): FailureReport | undefined {
  const { failure, observedGeneration } = status;
  const isMissing = failure?.code === 'InstanceTypeMissing' || failure?.code === 'ProfileMissing';
  if (!isMissing || observedGeneration !== generation) return undefined;
  const { since: _since, ...report } = failure;
  return report;
}

/** Whether this incarnation was killed for want of memory. */
export function wasOutOfMemory({ lastCrash }: VmObserved, { uid }: ObservedMachine): boolean {
  return lastCrash?.reason === 'OOMKilled' && lastCrash.machineUid === uid;
}
