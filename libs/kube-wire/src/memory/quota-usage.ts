/**
 * What an object uses of each resource a ResourceQuota can limit. Pods that ended use nothing but their count; storage
 * is counted per claim and per storage class.
 */
import type { KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, isFields, listOf, readPath } from '../protocol/kube-object.ts';
import { parseQuantity } from '../protocol/quantity.ts';

/** An amount and the suffix family it is written in. */
export interface Amount {
  value: number;
  binary: boolean;
}

export type Usage = Map<string, Amount>;

const one: Amount = { value: 1, binary: false };

export function amountOf(value: unknown): Amount {
  return { value: parseQuantity(value) ?? 0, binary: typeof value === 'string' && value.endsWith('i') };
}

/** Adds up; the sum keeps the form of the first amount that is not zero, as quantities do. */
export function addAmounts(a: Amount | undefined, b: Amount): Amount {
  if (a === undefined || a.value === 0) return b;
  return { value: a.value + b.value, binary: a.binary };
}

const countedByName = ['configmaps', 'persistentvolumeclaims', 'pods', 'resourcequotas', 'secrets', 'services'];

/** The usage of one object; `resource` is `plural.group`. */
export function usageOf(resource: string, object: KubeObject): Usage {
  const usage: Usage = new Map([[`count/${resource}`, one]]);
  if (resource === 'pods') addPod(usage, object);
  else if (countedByName.includes(resource)) usage.set(resource, one);
  if (resource === 'persistentvolumeclaims') addClaim(usage, object);
  if (resource === 'services') addService(usage, object);
  return usage;
}

function addClaim(usage: Usage, claim: KubeObject): void {
  const size = amountOf(readPath(claim, 'spec.resources.requests.storage'));
  usage.set('requests.storage', size);
  const storageClass = readPath(claim, 'spec.storageClassName');
  if (typeof storageClass !== 'string' || storageClass === '') return;
  const prefix = `${storageClass}.storageclass.storage.k8s.io`;
  usage.set(`${prefix}/requests.storage`, size);
  usage.set(`${prefix}/persistentvolumeclaims`, one);
}

function addService(usage: Usage, service: KubeObject): void {
  const type = readPath(service, 'spec.type');
  const ports = listOf(readPath(service, 'spec.ports')).length;
  const nodePorts = readPath(service, 'spec.allocateLoadBalancerNodePorts') !== false;
  if (type === 'LoadBalancer') usage.set('services.loadbalancers', one);
  if (type === 'NodePort' || (type === 'LoadBalancer' && nodePorts)) {
    usage.set('services.nodeports', { value: ports, binary: false });
  }
}

function addPod(usage: Usage, pod: KubeObject): void {
  const phase = readPath(pod, 'status.phase');
  if (phase === 'Succeeded' || phase === 'Failed') return;
  usage.set('pods', one);
  for (const kind of ['requests', 'limits'] as const) {
    for (const [name, amount] of podAmounts(pod, kind)) {
      usage.set(`${kind}.${name}`, amount);
      if (kind === 'requests') usage.set(name, amount);
    }
  }
}

/** Containers together, or the largest init container when that is more; the overhead comes on top. */
function podAmounts(pod: KubeObject, kind: 'requests' | 'limits'): Usage {
  const sum: Usage = new Map();
  for (const container of listOf(readPath(pod, 'spec.containers'))) {
    for (const [name, amount] of containerAmounts(container, kind)) sum.set(name, addAmounts(sum.get(name), amount));
  }
  for (const container of listOf(readPath(pod, 'spec.initContainers'))) {
    for (const [name, amount] of containerAmounts(container, kind)) {
      if (amount.value > (sum.get(name)?.value ?? -1)) sum.set(name, amount);
    }
  }
  const overhead = readPath(pod, 'spec.overhead');
  if (isFields(overhead)) {
    for (const [name, value] of Object.entries(overhead)) sum.set(name, addAmounts(sum.get(name), amountOf(value)));
  }
  return sum;
}

/** A container that states only a limit requests just that. */
function containerAmounts(container: unknown, kind: 'requests' | 'limits'): [string, Amount][] {
  const { requests, limits } = fieldsOf(fieldsOf(container).resources);
  const stated = kind === 'limits' ? fieldsOf(limits) : { ...fieldsOf(limits), ...fieldsOf(requests) };
  return Object.entries(stated).map(([name, value]) => [name, amountOf(value)]);
}

const computeNames = ['cpu', 'memory', 'ephemeral-storage'];

/** Compute resources a quota limits and a pod's containers do not state: such pods are refused. */
export function unstatedCompute(pod: KubeObject, limited: readonly string[]): { container: string; names: string[] }[] {
  const needed = limited.filter((name) => computeNames.includes(name.replace(/^(requests|limits)\./, '')));
  if (needed.length === 0) return [];
  const containers = [...listOf(readPath(pod, 'spec.containers')), ...listOf(readPath(pod, 'spec.initContainers'))];
  return containers.flatMap((container) => {
    const names = needed.filter((name) => !states(container, name)).sort();
    return names.length === 0 ? [] : [{ container: String(fieldsOf(container).name ?? ''), names }];
  });
}

function states(container: unknown, name: string): boolean {
  const kind = name.startsWith('limits.') ? 'limits' : 'requests';
  const resource = name.replace(/^(requests|limits)\./, '');
  return containerAmounts(container, kind).some(([stated]) => stated === resource);
}
