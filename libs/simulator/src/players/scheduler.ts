// Plays kube-scheduler: gives pods their nodes, and makes claims that wait for their first consumer choose one.
// One pod at a time, so that no two decisions are made on the same free room.
import { timestamp } from '../clock.ts';
import { Controller } from '../controller.ts';
import {
  type Condition,
  type Node,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
} from '../kinds.ts';
import { claimNamesOf, keyOf } from '../pod-claims.ts';
import { obstacles, summary } from './node-fit.ts';
import { NodeUsage } from './node-usage.ts';
import type { PlayersContext } from './players-context.ts';

const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
const retryMs = 5_000;

type Waiting = { waitFor: 'volumes' } | { unschedulable: string } | undefined;

export class Scheduler {
  readonly #context: PlayersContext;
  readonly #usage: NodeUsage;
  readonly #controller: Controller;
  readonly #waitingSince = new Map<string, number>();
  #unsubscribe: () => void = () => undefined;

  constructor(context: PlayersContext) {
    this.#context = context;
    this.#usage = new NodeUsage(context.pods);
    this.#controller = new Controller({
      name: 'scheduler',
      clock: context.clock,
      concurrency: 1,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    const { pods: podInformer, claims, nodes, switches } = this.#context;
    this.#controller
      .watch(podInformer, ({ type, key, object }) => {
        if (type === 'deleted') this.#waitingSince.delete(object.metadata.uid ?? '');
        return [key];
      })
      .watch(claims, ({ object }) => this.#waitingPodsOf(object))
      .watch(nodes, () => this.#unplaced());
    this.#unsubscribe = switches.onChange(() => {
      for (const key of this.#unplaced()) this.#controller.add(key);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#controller.stop();
  }

  #unplaced(): string[] {
    return this.#context.pods
      .list()
      .filter((pod) => pod.spec.nodeName === undefined)
      .map(keyOf);
  }

  #waitingPodsOf(claim: PersistentVolumeClaim): string[] {
    return this.#context
      .podsUsing(claim)
      .filter((pod) => pod.spec.nodeName === undefined)
      .map(keyOf);
  }

  async #reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const pod = this.#context.pods.getByKey(key);
    if (pod === undefined || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const { switches } = this.#context;
    const rule = switches.find(switches.state.unschedulable, this.#context.podTarget(pod));
    if (rule !== undefined) return this.#refuse(pod, rule.message ?? this.#everythingFull());
    const waiting = this.#volumesOf(pod);
    if (waiting !== undefined && 'unschedulable' in waiting) return this.#refuse(pod, waiting.unschedulable);
    if (waiting !== undefined) return this.#waitForVolumes(pod);
    return this.#place(pod);
  }

  #everythingFull(): string {
    return summary(this.#context.nodes.list().map(() => ['Insufficient memory']));
  }

  #volumesOf(pod: Pod): Waiting {
    for (const name of claimNamesOf(pod)) {
      const claim = this.#context.claims.get(pod.metadata.namespace, name);
      if (claim === undefined) return { unschedulable: `persistentvolumeclaim "${name}" not found` };
      if (claim.metadata.deletionTimestamp !== undefined) {
        return { unschedulable: `persistentvolumeclaim "${name}" is being deleted` };
      }
      if (claim.status?.phase === 'Lost') {
        return { unschedulable: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume ""` };
      }
      if (claim.status?.phase !== 'Bound' && !this.#context.waitsForConsumer(claim)) return { waitFor: 'volumes' };
    }
    return undefined;
  }

  // kube-scheduler calls a pod unschedulable at once while an immediate claim is being provisioned; that says nothing about nodes and
  // lasts a second, so it is said only when the volume does not come.
  async #waitForVolumes(pod: Pod): Promise<{ afterMs: number } | undefined> {
    const uid = pod.metadata.uid ?? '';
    const since = this.#waitingSince.get(uid) ?? performance.now();
    this.#waitingSince.set(uid, since);
    const waitedMs = (performance.now() - since) * this.#context.clock.scale;
    const leftMs = this.#context.times.volumeWaitMs - waitedMs;
    if (leftMs > 0) return { afterMs: leftMs + 1 };
    const count = this.#context.nodes.size;
    return this.#refuse(
      pod,
      `0/${count} nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`,
    );
  }

  async #place(pod: Pod): Promise<{ afterMs: number } | undefined> {
    const claims = claimNamesOf(pod).flatMap((name) => this.#context.claims.get(pod.metadata.namespace, name) ?? []);
    const volumes = claims.flatMap((claim) => this.#context.volumes.get(undefined, claim.spec.volumeName ?? '') ?? []);
    const chosen = claims.find((claim) => claim.status?.phase !== 'Bound' && selectedNode(claim) !== undefined);
    const nodes = this.#context.nodes.list();
    const reasons = nodes.map((node) => obstacles(pod, { node, used: this.#usage.of(node.metadata.name) }, volumes));
    const fitting = nodes.filter((_node, index) => reasons[index]?.length === 0);
    const node =
      fitting.find(({ metadata }) => metadata.name === (chosen && selectedNode(chosen))) ?? this.#emptiest(fitting);
    if (node === undefined)
      return this.#refuse(pod, nodes.length === 0 ? 'no nodes available to schedule pods' : summary(reasons));
    const unbound = claims.filter((claim) => claim.status?.phase !== 'Bound');
    if (unbound.length > 0) return this.#selectNode(unbound, node.metadata.name);
    await this.#bind(pod, node.metadata.name);
    return undefined;
  }

  #emptiest(nodes: readonly Node[]): Node | undefined {
    const load = (node: Node): number => this.#usage.of(node.metadata.name).memory ?? 0;
    return nodes.toSorted((a, b) => load(a) - load(b) || a.metadata.name.localeCompare(b.metadata.name))[0];
  }

  async #selectNode(claims: readonly PersistentVolumeClaim[], nodeName: string): Promise<undefined> {
    for (const claim of claims) {
      if (selectedNode(claim) !== undefined) continue;
      const annotations = { [selectedNodeAnnotation]: nodeName };
      await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, { metadata: { annotations } });
    }
  }

  async #bind(pod: Pod, nodeName: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    await this.#context.client.create(pods, binding as unknown as Pod, { subresource: 'binding' });
    this.#usage.place(pod, nodeName);
    this.#waitingSince.delete(uid ?? '');
  }

  async #refuse(pod: Pod, message: string): Promise<{ afterMs: number }> {
    const conditions = pod.status?.conditions ?? [];
    const before = conditions.find((condition) => condition.type === 'PodScheduled');
    if (before?.status !== 'False' || before.message !== message) {
      const refused: Condition = {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message,
        lastProbeTime: null,
        lastTransitionTime: before?.status === 'False' ? (before.lastTransitionTime ?? timestamp()) : timestamp(),
      };
      const others = conditions.filter((condition) => condition.type !== 'PodScheduled');
      const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions: [...others, refused] } };
      await this.#context.client.mergePatch(pods, pod.metadata, patch, { subresource: 'status' });
    }
    return { afterMs: retryMs };
  }
}

function selectedNode(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata.annotations?.[selectedNodeAnnotation];
}
