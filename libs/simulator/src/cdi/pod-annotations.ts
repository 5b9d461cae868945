// What a transfer pod's status says about the transfer, as annotations of the claim it fills.
// Known texts are shortened as CDI shortens them; while a container waits to be restarted, its last termination message stays.
import type { ContainerStatus, Pod } from '../kinds.ts';
import { type AnnotationChanges, annotation } from './annotations.ts';

/** What an importer says in its termination message, when it is JSON. */
export interface TerminationMessage {
  scratchSpaceRequired?: boolean;
  preallocationApplied?: boolean;
  message?: string;
}

const imagePullReasons = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'];

/** The pod ended in order and wants scratch space to begin again. */
export function needsScratch(pod: Pod): boolean {
  return endedInOrder(pod)?.scratchSpaceRequired === true;
}

/** The pod ended in order, but what it read is not what was asked for: trying again is of no use. */
export function isFatal(pod: Pod): boolean {
  return endedInOrder(pod)?.message?.includes('checksum mismatch') === true;
}

/** The importer was killed for want of memory; CDI makes a new one that reads past the page cache. */
export function wasOutOfMemory(pod: Pod): boolean {
  const container = pod.status?.containerStatuses?.[0];
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  return ended?.reason === 'OOMKilled';
}

/** Annotations for the claim. `restarts` never goes down, not even with a new pod. */
export function annotationsFromPod(pod: Pod, present: Record<string, string>): AnnotationChanges {
  const container = pod.status?.containerStatuses?.[0];
  return {
    [annotation.podSchedulable]: String(!isUnschedulable(pod)),
    ...(container === undefined ? {} : containerAnnotations(container, present)),
  };
}

function containerAnnotations(container: ContainerStatus, present: Record<string, string>): AnnotationChanges {
  const restarts = Math.max(Number(present[annotation.podRestarts] ?? 0), container.restartCount);
  return { [annotation.podRestarts]: String(restarts), ...runningAnnotations(container) };
}

function runningAnnotations(container: ContainerStatus): AnnotationChanges {
  const { waiting, running, terminated } = container.state ?? {};
  if (running !== undefined) return runningIs(true, 'Pod is running', '');
  if (terminated !== undefined) return terminatedIs(terminated.reason ?? '', terminated.message ?? '');
  const last = container.lastState?.terminated;
  if (waiting?.reason === 'CrashLoopBackOff' && last !== undefined) {
    return terminatedIs(last.reason ?? '', last.message ?? '');
  }
  if (container.started === false && imagePullReasons.includes(waiting?.reason ?? '')) {
    return runningIs(false, 'ImagePullFailed', `failed to pull image: ${container.image}`);
  }
  return runningIs(false, waiting?.reason ?? '', waiting?.message ?? '');
}

function terminatedIs(reason: string, text: string): AnnotationChanges {
  const parsed = parseTermination(text);
  const message = parsed?.message ?? text;
  if (parsed?.scratchSpaceRequired === true) {
    return runningIs(false, 'Scratch space required', 'scratch space required and none found');
  }
  if (message.includes('checksum mismatch') && parsed !== undefined) return runningIs(false, 'ChecksumError', message);
  return runningIs(false, reason, simplified(message));
}

function runningIs(running: boolean, reason: string, message: string): AnnotationChanges {
  return {
    [annotation.running]: String(running),
    [annotation.runningReason]: reason,
    [annotation.runningMessage]: message,
  };
}

function simplified(message: string): string {
  const tooSmall =
    /is larger than the reported available storage|no space left on device|disk quota exceeded|not enough space/i;
  return tooSmall.test(message) ? 'DataVolume too small to contain image' : message;
}

function isUnschedulable(pod: Pod): boolean {
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}

function endedInOrder(pod: Pod): TerminationMessage | undefined {
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  return ended?.exitCode === 0 ? parseTermination(ended.message ?? '') : undefined;
}

/** The JSON of a termination message; undefined for plain text. */
export function parseTermination(text: string): TerminationMessage | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as TerminationMessage;
  } catch {
    return undefined;
  }
}
