/** The Status cell of a pod: phase, or the most telling reason of its containers, as kube-apiserver prints it. */
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, isFields, listOf, readPath, stringOf } from '../protocol/kube-object.ts';

function statusesAt(pod: KubeObject, path: string): Fields[] {
  return listOf(readPath(pod, path)).map(fieldsOf);
}

function terminatedText(terminated: Fields): string {
  const reason = stringOf(terminated.reason) ?? '';
  if (reason !== '') return reason;
  const signal = Number(terminated.signal ?? 0);
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${Number(terminated.exitCode ?? 0)}`;
}

/** The text of an init container that has not finished; undefined when it has. */
function initText(status: Fields, at: number, total: number): string | undefined {
  const terminated = readPath(status, 'state.terminated');
  const waitingReason = stringOf(readPath(status, 'state.waiting.reason')) ?? '';
  if (isFields(terminated)) {
    return Number(terminated.exitCode ?? 0) === 0 ? undefined : `Init:${terminatedText(terminated)}`;
  }
  if (waitingReason !== '' && waitingReason !== 'PodInitializing') return `Init:${waitingReason}`;
  return `Init:${at}/${total}`;
}

function initialText(pod: KubeObject): { text: string; initializing: boolean } {
  const phase = stringOf(readPath(pod, 'status.phase')) ?? '';
  const text = stringOf(readPath(pod, 'status.reason')) || phase;
  const total = listOf(readPath(pod, 'spec.initContainers')).length;
  const statuses = statusesAt(pod, 'status.initContainerStatuses');
  for (const [at, status] of statuses.entries()) {
    const found = initText(status, at, total);
    if (found !== undefined) return { text: found, initializing: true };
  }
  return { text, initializing: false };
}

/** The last container in the list decides, as the printer walks the list backwards and overwrites. */
function containerText(pod: KubeObject, initial: string): string {
  let text = initial;
  let running = false;
  for (const status of statusesAt(pod, 'status.containerStatuses').reverse()) {
    const waiting = stringOf(readPath(status, 'state.waiting.reason')) ?? '';
    const terminated = readPath(status, 'state.terminated');
    if (waiting !== '') text = waiting;
    else if (isFields(terminated)) text = terminatedText(terminated);
    else if (status.ready === true && readPath(status, 'state.running') !== undefined) running = true;
  }
  if (text !== 'Completed' || !running) return text;
  return hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
}

function hasCondition(pod: KubeObject, wanted: string): boolean {
  return statusesAt(pod, 'status.conditions').some(({ type, status }) => type === wanted && status === 'True');
}

function isGated(pod: KubeObject): boolean {
  return statusesAt(pod, 'status.conditions').some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
}

/** The cell for one pod. */
export function podStatusText(pod: KubeObject): string {
  const initial = initialText(pod);
  const started = isGated(pod) ? 'SchedulingGated' : initial.text;
  const text = initial.initializing ? started : containerText(pod, started);
  if (pod.metadata.deletionTimestamp === undefined) return text;
  if (readPath(pod, 'status.reason') === 'NodeLost') return 'Unknown';
  const phase = readPath(pod, 'status.phase');
  return phase === 'Succeeded' || phase === 'Failed' ? text : 'Terminating';
}
