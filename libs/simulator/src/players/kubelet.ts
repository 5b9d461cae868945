// Plays the kubelets of all nodes: every pod that has a node gets a runner, which lives until the pod has ended and is gone.
import type { InformerChange } from '@compute/kube-client';
import type { EventRecorder } from '../event-recorder.ts';
import { type Pod, pods } from '../kinds.ts';
import { isFinished } from '../pod-claims.ts';
import type { PlayersContext } from './players-context.ts';
import { PodRunner } from './pod-runner.ts';
import { Workloads } from './workloads.ts';

export class Kubelet {
  readonly #context: PlayersContext;
  readonly #workloads: Workloads;
  readonly #recorder: EventRecorder;
  readonly #runners = new Map<string, PodRunner>();
  readonly #ending = new Set<Promise<void>>();
  #unsubscribe: () => void = () => undefined;
  readonly #addresses = new Map<string, string>();
  readonly #taken = new Set<string>();
  #lastAddress = 0;

  constructor(context: PlayersContext) {
    this.#context = context;
    this.#workloads = new Workloads(context);
    this.#recorder = context.recorder('kubelet');
  }

  start(): void {
    const { pods: informer } = this.#context;
    this.#unsubscribe = informer.onChange((change) => this.#onPod(change));
    for (const { metadata, status } of informer.list()) {
      if (status?.podIP !== undefined) this.#keepAddress(metadata.uid ?? '', status.podIP);
    }
    for (const pod of informer.list()) this.#see(pod);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    for (const runner of this.#runners.values()) runner.abandon();
    await Promise.all(this.#ending);
  }

  /** Evicts a pod: its phase becomes Failed, its containers stop, and the object stays until somebody deletes it. */
  async evict(
    namespace: string,
    name: string,
    message = 'The node was low on resource: ephemeral-storage.',
  ): Promise<void> {
    const status = { phase: 'Failed', reason: 'Evicted', message };
    await this.#context.client.mergePatch(pods, { namespace, name }, { status }, { subresource: 'status' });
  }

  #onPod({ type, object }: InformerChange<Pod>): void {
    if (type !== 'deleted') {
      this.#see(object);
      return;
    }
    const uid = object.metadata.uid ?? '';
    this.#runners.get(uid)?.abandon();
    this.#runners.delete(uid);
    this.#taken.delete(this.#addresses.get(uid) ?? '');
    this.#addresses.delete(uid);
  }

  #see(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const runner = this.#runners.get(uid);
    if (runner !== undefined && pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted') {
      runner.abandon();
      this.#runners.delete(uid);
      return;
    }
    if (runner !== undefined) runner.update(pod);
    if (runner !== undefined || pod.spec.nodeName === undefined) return;
    if (!isFinished(pod)) this.#run(uid, pod);
    else if (pod.metadata.deletionTimestamp !== undefined) void this.#forget(pod);
  }

  #run(uid: string, pod: Pod): void {
    const { namespace } = pod.metadata;
    const options = {
      context: this.#context,
      workloads: this.#workloads,
      recorder: this.#recorder,
      podIp: this.#addressOf(uid, pod),
    };
    const runner = new PodRunner(pod, options);
    this.#runners.set(uid, runner);
    const life = runner.run().finally(() => {
      this.#ending.delete(life);
      if (this.#runners.get(uid) === runner) this.#runners.delete(uid);
      const now = this.#context.pods.get(namespace, pod.metadata.name);
      if (now?.metadata.uid === uid && now.metadata.deletionTimestamp !== undefined && isFinished(now))
        void this.#forget(now);
    });
    this.#ending.add(life);
  }

  // An ended pod that is to be deleted has nothing left to stop.
  async #forget(pod: Pod): Promise<void> {
    const { uid } = pod.metadata;
    const options = { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) };
    await this.#context.client.delete(pods, pod.metadata, options).catch(this.#context.onError);
  }

  // An address belongs to one pod as long as its object is there; after a restart pods keep those they had.
  #addressOf(uid: string, pod: Pod): string {
    const known = pod.status?.podIP ?? this.#addresses.get(uid);
    const address = known ?? this.#freeAddress();
    this.#keepAddress(uid, address);
    return address;
  }

  #keepAddress(uid: string, address: string): void {
    this.#addresses.set(uid, address);
    this.#taken.add(address);
  }

  #freeAddress(): string {
    for (;;) {
      this.#lastAddress = (this.#lastAddress + 1) % 63_000;
      const address = `${this.#context.podNetwork}.${Math.floor(this.#lastAddress / 250)}.${(this.#lastAddress % 250) + 2}`;
      if (!this.#taken.has(address)) return address;
    }
  }
}
