// A pod's status as a kubelet writes it, from what its first container does. `started: false` stands in every waiting state, because
// CDI recognises image trouble only with it.
import { timestamp } from '../clock.ts';
import type { Condition, ContainerState, ContainerStatus, Pod, PodPhase, PodStatus } from '../kinds.ts';

/** What is known of a pod besides its object. */
export interface PodFacts {
  phase: PodPhase;
  state: ContainerState;
  lastState?: ContainerState;
  restartCount: number;
  podIp?: string;
  hostIp?: string;
  startTime: string;
  reason?: string;
  message?: string;
}

const ownConditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

/** The whole status; conditions that others keep on the pod stay. */
export function podStatus(pod: Pod, facts: PodFacts): PodStatus {
  const running = facts.state.running !== undefined;
  const { podIp, hostIp } = facts;
  return {
    phase: facts.phase,
    conditions: conditionsOf(pod, facts, running),
    containerStatuses: pod.spec.containers.map((container) => containerStatus(container.name, container.image, facts)),
    startTime: facts.startTime,
    qosClass: pod.status?.qosClass ?? 'BestEffort',
    ...(facts.reason === undefined ? {} : { reason: facts.reason }),
    ...(facts.message === undefined ? {} : { message: facts.message }),
    ...(hostIp === undefined ? {} : { hostIP: hostIp }),
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
  };
}

function containerStatus(name: string, image: string | undefined, facts: PodFacts): ContainerStatus {
  const running = facts.state.running !== undefined;
  return {
    name,
    image: image ?? '',
    imageID: facts.state.waiting === undefined ? `sha256:${name}` : '',
    ready: running,
    started: running,
    restartCount: facts.restartCount,
    state: facts.state,
    ...(facts.lastState === undefined ? {} : { lastState: facts.lastState }),
  };
}

function conditionsOf(pod: Pod, facts: PodFacts, running: boolean): Condition[] {
  const present = pod.status?.conditions ?? [];
  const others = present.filter((condition) => !ownConditions.includes(condition.type));
  const gatesClosed = others.some(({ type, status }) => status === 'False' && isGate(pod, type));
  const notReady = facts.phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  const own: [type: string, holds: boolean, reason: string][] = [
    ['PodReadyToStartContainers', facts.phase === 'Running', ''],
    ['Initialized', true, ''],
    ['Ready', running && !gatesClosed, running ? 'ReadinessGatesNotReady' : notReady],
    ['ContainersReady', running, notReady],
    ['PodScheduled', true, ''],
  ];
  const written = own.map(([type, holds, reason]) => condition(present, type, holds, reason));
  return [...others, ...written];
}

function isGate(pod: Pod, type: string): boolean {
  const gates = (pod.spec as { readinessGates?: { conditionType: string }[] }).readinessGates ?? [];
  return gates.some((gate) => gate.conditionType === type);
}

function condition(present: readonly Condition[], type: string, holds: boolean, reason: string): Condition {
  const status = holds ? 'True' : 'False';
  const before = present.find((candidate) => candidate.type === type);
  const changedAt = before?.status === status ? before.lastTransitionTime : undefined;
  return {
    type,
    status,
    lastProbeTime: null,
    lastTransitionTime: changedAt ?? timestamp(),
    ...(holds || reason === '' ? {} : { reason }),
  };
}
