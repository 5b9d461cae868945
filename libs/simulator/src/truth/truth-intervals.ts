/**
 * What is true of an object at this moment, as far as somebody could be billed for it.
 *
 * Pure. An interval is open as long as its key is in the answer for its object, so a change of size ends one interval and begins
 * the next.
 */
import type { KubeObject } from '@compute/kube-client';
import type { PersistentVolumeClaim } from '../kinds.ts';
import { hasCondition } from '../kubevirt/conditions.ts';
import type { VirtualMachineInstance } from '../kubevirt/objects.ts';
import { controllerOf } from '../kubevirt/objects.ts';
import { parseBytes } from '../kubevirt/quantity.ts';
import type { Service } from '../loadbalancer/load-balancer.ts';

export type TruthMeter = 'vm.exists' | 'vmi.running' | 'vmi.paused' | 'pvc.exists' | 'ip.held';

export interface TruthFact {
  meter: TruthMeter;
  uid: string;
  namespace: string;
  name: string;
  labels?: Record<string, string>;
  /** What is measured besides time: size in bytes, address, uid of the VM. */
  detail: Record<string, string | number>;
}

/** Resources (`plural.group`) that facts are drawn from. */
export const TRUTH_RESOURCES: readonly string[] = [
  'virtualmachines.kubevirt.io',
  'virtualmachineinstances.kubevirt.io',
  'persistentvolumeclaims',
  'services',
];

/** The facts that hold for an object of that resource. */
export function factsOf(resource: string, object: KubeObject): TruthFact[] {
  switch (resource) {
    case 'virtualmachines.kubevirt.io':
      return [fact('vm.exists', object, {})];
    case 'virtualmachineinstances.kubevirt.io':
      return guestFacts(object as VirtualMachineInstance);
    case 'persistentvolumeclaims':
      return [claimFact(object as PersistentVolumeClaim)];
    case 'services':
      return addressFacts(object as Service);
    default:
      return [];
  }
}

/** Two facts with the same key are the same interval. */
export function factKey({ meter, uid, detail }: TruthFact): string {
  return [meter, uid, ...Object.entries(detail).flat()].join(' ');
}

function fact(meter: TruthMeter, object: KubeObject, detail: TruthFact['detail']): TruthFact {
  const { uid = '', namespace = '', name, labels } = object.metadata;
  return { meter, uid, namespace, name, detail, ...(labels === undefined ? {} : { labels }) };
}

function guestFacts(vmi: VirtualMachineInstance): TruthFact[] {
  if (vmi.status?.phase !== 'Running') return [];
  const detail = { vmUid: controllerOf(vmi.metadata)?.uid ?? '' };
  const paused = hasCondition(vmi.status.conditions, 'Paused', 'True');
  const running = fact('vmi.running', vmi, detail);
  return paused ? [running, fact('vmi.paused', vmi, detail)] : [running];
}

function claimFact(claim: PersistentVolumeClaim): TruthFact {
  const bytes = parseBytes(claim.spec.resources?.requests?.storage ?? '0');
  return fact('pvc.exists', claim, { bytes, storageClass: claim.spec.storageClassName ?? '' });
}

function addressFacts(service: Service): TruthFact[] {
  const ips = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return ips.map((ip) => fact('ip.held', service, { ip }));
}
