// Plays what the cluster does about nodes: heartbeats while they are there; when one is lost, the node controller's verdict on it and
// on its pods, and after a grace period the deletion of those pods (which nobody on the lost node acknowledges).
import { timestamp } from '../clock.ts';
import { Controller } from '../controller.ts';
import { type Condition, type Node, nodes, type Pod, pods } from '../kinds.ts';
import { isFinished } from '../pod-claims.ts';
import type { PlayersContext } from './players-context.ts';

const unreachable = 'node.kubernetes.io/unreachable';

export class NodeHealth {
  readonly #context: PlayersContext;
  readonly #controller: Controller;
  readonly #lostAt = new Map<string, number>();
  #unsubscribe: () => void = () => undefined;

  constructor(context: PlayersContext) {
    this.#context = context;
    this.#controller = new Controller({
      name: 'node-health',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    this.#controller.watch(this.#context.nodes, ({ key }) => [key]);
    this.#unsubscribe = this.#context.switches.onChange(() => {
      for (const key of this.#context.nodes.keys()) this.#controller.add(key);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#controller.stop();
  }

  async #reconcile(name: string): Promise<{ afterMs: number } | undefined> {
    const node = this.#context.nodes.get(undefined, name);
    if (node === undefined) return undefined;
    const lost = this.#context.switches.isNodeLost(name);
    await this.#writeReady(node, lost);
    await this.#writeTaints(node, lost);
    if (!lost) {
      this.#lostAt.delete(name);
      return undefined;
    }
    const since = this.#lostAt.get(name) ?? performance.now();
    this.#lostAt.set(name, since);
    await this.#doubtPods(name);
    const leftMs = this.#context.times.lostNodeGraceMs - (performance.now() - since) * this.#context.clock.scale;
    if (leftMs > 0) return { afterMs: leftMs + 1 };
    await this.#deletePods(name);
    return undefined;
  }

  async #writeReady(node: Node, lost: boolean): Promise<void> {
    const conditions = node.status?.conditions ?? [];
    const before = conditions.find((condition) => condition.type === 'Ready');
    const status = lost ? 'Unknown' : 'True';
    if (before?.status === status) return;
    const ready: Condition = {
      type: 'Ready',
      status,
      reason: lost ? 'NodeStatusUnknown' : 'KubeletReady',
      message: lost ? 'Kubelet stopped posting node status.' : 'kubelet is posting ready status',
      lastHeartbeatTime: timestamp(),
      lastTransitionTime: timestamp(),
    };
    const others = conditions.filter((condition) => condition.type !== 'Ready');
    const patch = { status: { conditions: [...others, ready] } };
    await this.#context.client.mergePatch(nodes, node.metadata, patch, { subresource: 'status' });
  }

  async #writeTaints(node: Node, lost: boolean): Promise<void> {
    const taints = node.spec?.taints ?? [];
    if (taints.some((taint) => taint.key === unreachable) === lost) return;
    const others = taints.filter((taint) => taint.key !== unreachable);
    const added = lost ? ['NoSchedule', 'NoExecute'].map((effect) => ({ key: unreachable, effect })) : [];
    await this.#context.client.mergePatch(nodes, node.metadata, { spec: { taints: [...others, ...added] } });
  }

  #podsOn(nodeName: string): Pod[] {
    return this.#context.pods.list().filter((pod) => pod.spec.nodeName === nodeName && !isFinished(pod));
  }

  async #doubtPods(nodeName: string): Promise<void> {
    for (const pod of this.#podsOn(nodeName)) {
      const conditions = pod.status?.conditions ?? [];
      const ready = conditions.find((condition) => condition.type === 'Ready');
      if (ready === undefined || ready.status === 'False') continue;
      const doubted = { ...ready, status: 'False' as const, reason: 'NodeNotReady', lastTransitionTime: timestamp() };
      const others = conditions.filter((condition) => condition.type !== 'Ready');
      const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions: [...others, doubted] } };
      await this.#context.client.mergePatch(pods, pod.metadata, patch, { subresource: 'status' });
    }
  }

  async #deletePods(nodeName: string): Promise<void> {
    for (const pod of this.#podsOn(nodeName)) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const { uid } = pod.metadata;
      await this.#context.client.delete(pods, pod.metadata, uid === undefined ? {} : { uid });
    }
  }
}
