// Whether a node can take a pod, and why not, in the words of kube-scheduler.
import type { Node, NodeSelectorTerm, PersistentVolume, Pod } from '../kinds.ts';
import { parseQuantity } from '../kubevirt/quantity.ts';

type NodeExpression = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

/** Amounts by resource name, in base units. */
export type Amounts = Record<string, number>;

/** What a pod asks of a node. Resources that are only limited (devices) are asked for as limited. */
export function requestsOf(pod: Pod): Amounts {
  const total: Amounts = { pods: 1 };
  for (const container of pod.spec.containers) {
    const { requests = {}, limits = {} } = container.resources ?? {};
    const asked = { ...extended(limits), ...requests };
    for (const [name, text] of Object.entries(asked)) {
      const amount = parseQuantity(text);
      if (Number.isFinite(amount) && amount > 0) total[name] = (total[name] ?? 0) + amount;
    }
  }
  return total;
}

function extended(limits: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(limits).filter(([name]) => name.includes('/') || name.startsWith('hugepages-')),
  );
}

export interface Candidate {
  node: Node;
  /** What the pods on the node ask for already. */
  used: Amounts;
}

/** The reasons why the pod cannot run there; empty when it can. */
export function obstacles(pod: Pod, { node, used }: Candidate, volumes: readonly PersistentVolume[]): string[] {
  if (node.spec?.unschedulable === true) return ['node(s) were unschedulable'];
  const taint = untolerated(pod, node);
  if (taint !== undefined) return [`node(s) had untolerated taint(s)`];
  if (!hasLabels(node, pod.spec.nodeSelector ?? {}) || !isWanted(node, pod))
    return ["node(s) didn't match Pod's node affinity/selector"];
  if (volumes.some((volume) => !isReachable(node, volume))) return ['node(s) had volume node affinity conflict'];
  return missingResources(requestsOf(pod), node, used);
}

function missingResources(requests: Amounts, node: Node, used: Amounts): string[] {
  const allocatable = node.status?.allocatable ?? {};
  return Object.entries(requests)
    .filter(([name, amount]) => {
      const there = name in allocatable ? parseQuantity(allocatable[name] ?? '0') : defaultAmount(name);
      return (used[name] ?? 0) + amount > there;
    })
    .map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`));
}

function defaultAmount(name: string): number {
  return name === 'ephemeral-storage' || name === 'pods' ? Number.POSITIVE_INFINITY : 0;
}

function untolerated(pod: Pod, node: Node): string | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  return node.spec?.taints
    ?.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    .find(
      (taint) =>
        !tolerations.some(
          (toleration) =>
            (toleration.key === undefined || toleration.key === taint.key) &&
            (toleration.effect === undefined || toleration.effect === '' || toleration.effect === taint.effect) &&
            (toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')),
        ),
    )?.key;
}

function hasLabels(node: Node, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => node.metadata.labels?.[name] === value);
}

function isWanted(node: Node, { spec }: Pod): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(node, term));
}

function isReachable(node: Node, volume: PersistentVolume): boolean {
  const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => matchesTerm(node, term));
}

function matchesTerm({ metadata }: Node, term: NodeSelectorTerm): boolean {
  return (term.matchExpressions ?? []).every((expression) => matches(metadata.labels?.[expression.key], expression));
}

function matches(label: string | undefined, { operator, values = [] }: NodeExpression): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return Number(label) > Number(values[0]);
    case 'Lt':
      return Number(label) < Number(values[0]);
    default:
      return false;
  }
}

/** kube-scheduler's summary: `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
export function summary(reasons: readonly string[][]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const listed = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([reason, count]) => `${count} ${reason}`);
  return `0/${reasons.length} nodes are available: ${listed.join(', ')}.`;
}
