/**
 * `metrics.k8s.io` as metrics-server serves it: computed when asked, never stored.
 *
 * Figures appear half a minute (of cluster time) after a pod's containers began to run, and only while they run: a stopped machine
 * has none, which clients must not take for zero.
 */
import type { ListPage, ObjectKey, ResourceBackend, StateReader } from '@compute/kube-wire';
import { type KubeObject, matches, methodNotAllowed, ObjectVersion, type Selection } from '@compute/kube-wire';
import type { Clock } from '../clock.ts';
import { timestamp } from '../clock.ts';
import type { Node, Pod } from '../kinds.ts';
import { hasCondition } from '../kubevirt/conditions.ts';
import { guestBytes, memoryOverheadBytes } from '../kubevirt/launcher-pod.ts';
import type { VirtualMachineInstance } from '../kubevirt/objects.ts';
import { controllerOf } from '../kubevirt/objects.ts';
import { vcpusOf } from '../kubevirt/vmi-from-vm.ts';
import type { Usage } from './usage-curve.ts';
import { guestUsage, smallUsage } from './usage-curve.ts';

export interface MetricsOptions {
  /** The cluster's objects; asked on each request, so it may be set after the server has started. */
  state: () => StateReader | undefined;
  clock: Clock;
  seed: number;
}

const FIRST_FIGURES_SECONDS = 30;
const VMIS = 'virtualmachineinstances.kubevirt.io';

/** Backends for the API server, by resource. */
export function metricsBackends(options: MetricsOptions): Record<string, ResourceBackend> {
  const podMetrics = (pod: Pod): KubeObject | undefined => metricsOfPod(pod, options);
  const podsOf = (namespace: string): Pod[] => (options.state()?.list('pods', namespace) ?? []) as Pod[];
  return {
    'pods.metrics.k8s.io': computedBackend('pods', {
      find: ({ namespace, name }) => {
        const pod = options.state()?.find('pods', namespace, name);
        return pod === undefined ? undefined : podMetrics(pod as Pod);
      },
      list: (namespace) => podsOf(namespace).flatMap((pod) => podMetrics(pod) ?? []),
    }),
    'nodes.metrics.k8s.io': computedBackend('nodes', {
      find: ({ name }) => {
        const node = options.state()?.find('nodes', '', name);
        return node === undefined ? undefined : metricsOfNode(node as Node, podsOf(''), options);
      },
      list: () =>
        ((options.state()?.list('nodes') ?? []) as Node[]).map((node) => metricsOfNode(node, podsOf(''), options)),
    }),
  };
}

interface Computed {
  find(key: ObjectKey): KubeObject | undefined;
  list(namespace: string): KubeObject[];
}

function computedBackend(plural: string, computed: Computed): ResourceBackend {
  const refuse = async (): Promise<never> => {
    throw methodNotAllowed({ group: 'metrics.k8s.io', plural });
  };
  return {
    get: async (key) => {
      const found = computed.find(key);
      return found === undefined ? undefined : new ObjectVersion(found);
    },
    list: async ({ namespace, selection }) => pageOf(computed.list(namespace), selection),
    create: refuse,
    update: refuse,
    delete: refuse,
    watch: refuse,
  };
}

function pageOf(objects: KubeObject[], selection: Selection): ListPage {
  const items = objects.filter((object) => matches(selection, object)).map((object) => new ObjectVersion(object));
  return { items, resourceVersion: '' };
}

function usageOf(pod: Pod, { state, clock, seed }: MetricsOptions): Usage | undefined {
  const startedAt = pod.status?.containerStatuses?.[0]?.state?.running?.startedAt;
  if (pod.status?.phase !== 'Running' || startedAt === undefined) return undefined;
  const ageSeconds = ((Date.now() - Date.parse(startedAt)) * clock.scale) / 1000;
  if (ageSeconds < FIRST_FIGURES_SECONDS) return undefined;
  const subject = { id: pod.metadata.uid ?? pod.metadata.name, seed, ageSeconds };
  const vmi = vmiOf(pod, state());
  if (vmi === undefined) return smallUsage(subject);
  const size = {
    vcpus: vcpusOf(vmi.spec),
    memoryBytes: guestBytes(vmi.spec),
    overheadBytes: memoryOverheadBytes(vmi.spec),
  };
  return guestUsage(subject, size, hasCondition(vmi.status?.conditions, 'Paused', 'True'));
}

function vmiOf(pod: Pod, state: StateReader | undefined): VirtualMachineInstance | undefined {
  const owner = controllerOf(pod.metadata);
  if (owner?.kind !== 'VirtualMachineInstance') return undefined;
  return state?.find(VMIS, pod.metadata.namespace ?? '', owner.name) as VirtualMachineInstance | undefined;
}

function metricsOfPod(pod: Pod, options: MetricsOptions): KubeObject | undefined {
  const usage = usageOf(pod, options);
  if (usage === undefined) return undefined;
  const { name, namespace = '', labels } = pod.metadata;
  return {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name, namespace, creationTimestamp: timestamp(), ...(labels === undefined ? {} : { labels }) },
    timestamp: timestamp(),
    window: '15s',
    containers: [{ name: pod.spec.containers[0]?.name ?? '', usage: written(usage) }],
  };
}

function metricsOfNode(node: Node, pods: readonly Pod[], options: MetricsOptions): KubeObject {
  const total: Usage = { cpuNanocores: 350_000_000, memoryBytes: 3 * 2 ** 30 };
  for (const pod of pods) {
    if (pod.spec.nodeName !== node.metadata.name) continue;
    const usage = usageOf(pod, options);
    total.cpuNanocores += usage?.cpuNanocores ?? 0;
    total.memoryBytes += usage?.memoryBytes ?? 0;
  }
  const { name, labels } = node.metadata;
  return {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'NodeMetrics',
    metadata: { name, creationTimestamp: timestamp(), ...(labels === undefined ? {} : { labels }) },
    timestamp: timestamp(),
    window: '15s',
    usage: written(total),
  };
}

function written({ cpuNanocores, memoryBytes }: Usage): { cpu: string; memory: string } {
  return { cpu: `${cpuNanocores}n`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` };
}
