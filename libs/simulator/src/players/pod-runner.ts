// The life of one pod on its node, from its containers being created to its removal, as one function that reads from top to bottom.
// Whoever holds the pod's object writes its status; nobody else does while the runner lives. On a lost node nothing is written, and
// a deletion is not acknowledged: the pod stays Terminating until the node is back.
import { isNotFound } from '@compute/kube-client';
import { timestamp } from '../clock.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { type ContainerState, type Pod, secrets } from '../kinds.ts';
import { exitAnnotation } from '../pod-channel.ts';
import type { PlayersContext } from './players-context.ts';
import { type PodFacts, podStatus } from './pod-status.ts';
import { removePod, writeStatus } from './pod-writer.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { WorkloadExit } from './workload.ts';
import { isLauncher, type Workloads } from './workloads.ts';

export interface PodRunnerOptions {
  context: PlayersContext;
  workloads: Workloads;
  recorder: EventRecorder;
  /** The address the pod gets when its containers run. */
  podIp: string;
}

type Running = { exit: WorkloadExit; stopped: boolean };

const killDelayMs = 300;
const switchPollMs = 2_000;

export class PodRunner {
  readonly #options: PodRunnerOptions;
  /** Abandons everything without another write: the pod is gone, or the kubelet stops. */
  readonly #abandon = new AbortController();
  /** Tells the container to stop: the pod is to be deleted. */
  readonly #stop = new AbortController();
  readonly #exitOrder = Promise.withResolvers<WorkloadExit>();
  #pod: Pod;
  #facts: PodFacts;
  #written = '';

  constructor(pod: Pod, options: PodRunnerOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#facts = factsOf(pod);
  }

  /** Runs until the pod has ended or is gone. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#live();
      if (this.#stop.signal.aborted) await this.#removeFromApi();
    } catch (error) {
      if (!this.#abandon.signal.aborted && !isNotFound(error)) this.#options.context.onError(error);
    }
  }

  /** The pod's object changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#stop.abort(new Error('the pod is deleted'));
    const ordered = pod.metadata.annotations?.[exitAnnotation];
    if (ordered !== undefined) this.#exitOrder.resolve({ exitCode: Number(ordered) });
  }

  /** Ends the runner without touching the pod any more. */
  abandon(): void {
    this.#abandon.abort(new Error('the pod is gone'));
    this.#stop.abort(this.#abandon.signal.reason);
  }

  async #live(): Promise<void> {
    this.update(this.#pod);
    if (this.#stop.signal.aborted) return;
    // A pod that ran before the simulator was started again goes on as if nothing had been.
    if (this.#facts.phase === 'Pending') {
      await this.#show({});
      if (!(await this.#start())) return;
    }
    for (;;) {
      const { exit, stopped } = await this.#runContainer();
      if (stopped || !this.#isRestarted(exit)) return this.#end(exit);
      if (!(await this.#crash(exit))) return;
    }
  }

  /** Images and volumes; false when the pod is deleted meanwhile. */
  async #start(): Promise<boolean> {
    const { times } = this.#options.context;
    for (let attempt = 0; this.#imageFails(); attempt += 1) {
      const reason = attempt % 2 === 0 ? 'ErrImagePull' : 'ImagePullBackOff';
      const image = this.#pod.spec.containers[0]?.image ?? '';
      const message = attempt % 2 === 0 ? `failed to pull image "${image}"` : `Back-off pulling image "${image}"`;
      await this.#options.recorder.tell(this.#pod, 'Warning', attempt % 2 === 0 ? 'Failed' : 'BackOff', message);
      await this.#show({ state: { waiting: { reason, message } } });
      if (!(await this.#wait(switchPollMs))) return false;
    }
    return this.#wait(isLauncher(this.#pod) ? times.launcherStartMs : times.podStartMs);
  }

  #imageFails(): boolean {
    const { context } = this.#options;
    const rules = context.switches.state.imagePullFailures;
    return context.switches.find(rules, context.podTarget(this.#pod)) !== undefined;
  }

  async #runContainer(): Promise<Running> {
    const running = this.#facts.state.running ?? { startedAt: timestamp() };
    await this.#show({ phase: 'Running', state: { running }, podIp: this.#facts.podIp ?? this.#options.podIp });
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, ended.signal]);
    const progress = this.#reporter();
    try {
      const work = this.#work(signal, progress);
      const exit = await Promise.race([work, this.#exitOrder.promise, this.#killed(ended.signal)]);
      return { exit, stopped: this.#stop.signal.aborted };
    } catch (error) {
      return { exit: brokenExit(error, this.#stop.signal), stopped: this.#stop.signal.aborted };
    } finally {
      ended.abort(new Error('the container ended'));
      await progress.close();
      this.#abandon.signal.throwIfAborted();
    }
  }

  #reporter(): ProgressReporter {
    const { client, clock, times, onError } = this.#options.context;
    return new ProgressReporter({
      client,
      clock,
      pod: this.#pod,
      intervalMs: times.progressMs,
      mayTell: () => !this.#isNodeLost(),
      onError: (error) => {
        if (!isNotFound(error)) onError(error);
      },
    });
  }

  async #work(signal: AbortSignal, progress: ProgressReporter): Promise<WorkloadExit> {
    const container = this.#pod.spec.containers[0];
    if (container === undefined) return { exitCode: 0 };
    const workload = this.#options.workloads.of(this.#pod, container.name);
    return workload({
      pod: this.#pod,
      container,
      environment: await this.#environment(),
      clock: this.#options.context.clock,
      signal,
      progress: (percent) => progress.set(percent),
    });
  }

  async #environment(): Promise<Map<string, string>> {
    const resolved = new Map<string, string>();
    const { namespace = '' } = this.#pod.metadata;
    for (const { name, value, valueFrom } of this.#pod.spec.containers[0]?.env ?? []) {
      if (value !== undefined) resolved.set(name, value);
      const reference = valueFrom?.secretKeyRef;
      if (reference === undefined) continue;
      const secret = await this.#options.context.client.get(secrets, { namespace, name: reference.name });
      const encoded = secret?.data?.[reference.key];
      if (encoded !== undefined) resolved.set(name, Buffer.from(encoded, 'base64').toString('utf8'));
    }
    return resolved;
  }

  // Asked once, shortly after the start: a rule that comes later meets the next start.
  async #killed(signal: AbortSignal): Promise<WorkloadExit> {
    const { context } = this.#options;
    await context.clock.after(killDelayMs, signal).catch(() => undefined);
    const rule = context.switches.find(context.switches.state.outOfMemory, context.podTarget(this.#pod));
    if (rule !== undefined && !signal.aborted) return { exitCode: 137, reason: 'OOMKilled' };
    return new Promise(() => undefined);
  }

  #isRestarted(exit: WorkloadExit): boolean {
    const policy = this.#pod.spec.restartPolicy ?? 'Always';
    return policy === 'Always' || (policy === 'OnFailure' && exit.exitCode !== 0);
  }

  async #end(exit: WorkloadExit): Promise<void> {
    const state = { terminated: terminatedState(exit, this.#facts.state) };
    await this.#show({ phase: exit.exitCode === 0 ? 'Succeeded' : 'Failed', state });
  }

  /** Shows the end, then the back-off, and waits; false when the pod is deleted meanwhile. */
  async #crash(exit: WorkloadExit): Promise<boolean> {
    const { times } = this.#options.context;
    const terminated = terminatedState(exit, this.#facts.state);
    await this.#show({ state: { terminated } });
    if (!(await this.#wait(times.crashShownMs))) return false;
    const restarts = this.#facts.restartCount;
    const backoffMs = Math.min(times.crashBackoffMaxMs, times.crashBackoffMs * 2 ** Math.min(restarts, 10));
    const { name, namespace } = this.#pod.metadata;
    const message = `back-off ${backoffMs / 1000}s restarting failed container=${this.#pod.spec.containers[0]?.name} pod=${name}_${namespace}`;
    await this.#show({
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      lastState: { terminated },
      restartCount: restarts + 1,
    });
    return this.#wait(backoffMs - times.crashShownMs);
  }

  /** Cluster time; false when the pod is to be deleted. */
  async #wait(clusterMs: number): Promise<boolean> {
    await this.#options.context.clock.after(Math.max(0, clusterMs), this.#stop.signal).catch(() => undefined);
    this.#abandon.signal.throwIfAborted();
    return !this.#stop.signal.aborted;
  }

  async #show(changes: Partial<PodFacts>): Promise<void> {
    this.#facts = { ...this.#facts, ...changes };
    await this.#untilNodeIsBack();
    const nodeName = this.#pod.spec.nodeName ?? '';
    const hostIp = this.#options.context.nodes
      .get(undefined, nodeName)
      ?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const status = podStatus(this.#pod, { ...this.#facts, ...(hostIp === undefined ? {} : { hostIp }) });
    const text = JSON.stringify(status);
    if (text === this.#written) return;
    this.#written = text;
    const { client, clock } = this.#options.context;
    this.#pod = await writeStatus(client, this.#pod, status, clock, this.#abandon.signal);
  }

  #isNodeLost(): boolean {
    return this.#options.context.switches.isNodeLost(this.#pod.spec.nodeName ?? '');
  }

  async #untilNodeIsBack(): Promise<void> {
    this.#abandon.signal.throwIfAborted();
    const { clock } = this.#options.context;
    while (this.#isNodeLost()) await clock.after(switchPollMs, this.#abandon.signal);
  }

  // The second deletion, with no grace, is what makes the API server forget the pod.
  async #removeFromApi(): Promise<void> {
    await this.#untilNodeIsBack();
    const { client, clock } = this.#options.context;
    await removePod(client, this.#pod, clock, this.#abandon.signal);
  }
}

// A program that rejects was told to stop, or could not even begin.
function brokenExit(error: unknown, stop: AbortSignal): WorkloadExit {
  if (stop.aborted) return { exitCode: 143, reason: 'Error' };
  return { exitCode: 1, reason: 'Error', message: error instanceof Error ? error.message : String(error) };
}

function factsOf(pod: Pod): PodFacts {
  const { phase, podIP, startTime } = pod.status ?? {};
  const container = pod.status?.containerStatuses?.[0];
  const runs = phase === 'Running' && podIP !== undefined;
  return {
    phase: runs ? 'Running' : 'Pending',
    state: runs && container?.state !== undefined ? container.state : { waiting: { reason: 'ContainerCreating' } },
    restartCount: container?.restartCount ?? 0,
    startTime: startTime ?? timestamp(),
    ...(podIP === undefined ? {} : { podIp: podIP }),
    ...(container?.lastState === undefined ? {} : { lastState: container.lastState }),
  };
}

function terminatedState(exit: WorkloadExit, before: ContainerState): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: exit.exitCode,
    reason: exit.reason ?? (exit.exitCode === 0 ? 'Completed' : 'Error'),
    startedAt: before.running?.startedAt ?? timestamp(),
    finishedAt: timestamp(),
    ...(exit.message === undefined ? {} : { message: exit.message }),
  };
}
