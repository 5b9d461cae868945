/**
 * An instance type of the catalogue as a cluster-wide KubeVirt instance type. The S series exists nowhere upstream; U
 * and M are rendered as upstream has them (M on 2 MiB huge pages), for clusters that lack them.
 *
 * KubeVirt freezes an instance type in each machine that uses it: editing one never changes a machine that exists.
 */
import type { InstanceType } from '@compute/domain';
import type { ClusterInstancetype } from '../kinds.ts';
import { FIELD_MANAGER } from './ownership.ts';

const CLASSES: Readonly<Record<string, string>> = { S: 'standard', U: 'general.purpose', M: 'memory.intensive' };
const HUGE_PAGE_SERIES = 'M';

export function renderInstancetype(type: InstanceType): ClusterInstancetype {
  const memory = memoryText(type.memoryMib);
  const hugepages = type.series === HUGE_PAGE_SERIES ? { hugepages: { pageSize: '2Mi' } } : {};
  const size = type.name.slice(type.name.indexOf('.') + 1);
  return {
    apiVersion: 'instancetype.kubevirt.io/v1beta1',
    kind: 'VirtualMachineClusterInstancetype',
    metadata: {
      name: type.name,
      labels: {
        'app.kubernetes.io/managed-by': FIELD_MANAGER,
        'instancetype.kubevirt.io/class': CLASSES[type.series] ?? 'custom',
        'instancetype.kubevirt.io/cpu': String(type.vcpu),
        'instancetype.kubevirt.io/memory': memory,
        'instancetype.kubevirt.io/size': size,
        'instancetype.kubevirt.io/vendor': 'compute.cozystack.io',
        ...(type.series === HUGE_PAGE_SERIES ? { 'instancetype.kubevirt.io/hugepages': '2Mi' } : {}),
      },
    },
    spec: { cpu: { guest: type.vcpu }, memory: { guest: memory, ...hugepages } },
  };
}

function memoryText(memoryMib: number): string {
  return memoryMib % 1024 === 0 ? `${memoryMib / 1024}Gi` : `${memoryMib}Mi`;
}
