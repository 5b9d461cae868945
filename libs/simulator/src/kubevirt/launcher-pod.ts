/**
 * The virt-launcher pod of a VMI: names, labels and resource requests as KubeVirt renders them.
 *
 * Schedulers, quotas and metrics read the requests: one tenth of a CPU for each vCPU, and guest memory plus what qemu and its
 * helpers take. Limits that KubeVirt adds in namespaces with limit quotas are not imitated.
 */
import { controllerRef } from '@compute/kube-client';
import type { Pod, ResourceRequirements, VirtualMachineInstance, VmiSpec, VolumeSpec } from './objects.ts';
import { claimNameOf, isHotpluggable, TEMPORARY_POD_ANNOTATION } from './objects.ts';
import { formatBytes, parseBytes } from './quantity.ts';
import { vcpusOf } from './vmi-from-vm.ts';

export const LAUNCHER_IMAGE = 'quay.io/kubevirt/virt-launcher:v1.8.2';
const MIB = 2 ** 20;
const CPU_ALLOCATION_RATIO = 10;
const DEFAULT_GRACE_SECONDS = 30;
const GRACE_PADDING_SECONDS = 15;
const LAUNCHER_OVERHEAD_MIB = 220;
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export interface PodNaming {
  /** A number in [0, 1). */
  random: () => number;
  temporary: boolean;
}

/** The pod to create for a VMI; `temporary` is the pod that only makes a claim choose its node. */
export function launcherPod(vmi: VirtualMachineInstance, { random, temporary }: PodNaming): Pod {
  const { name, namespace } = vmi.metadata;
  const annotations: Record<string, string> = { ...vmi.metadata.annotations, 'kubevirt.io/domain': name };
  if (temporary) annotations[TEMPORARY_POD_ANNOTATION] = 'true';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `virt-launcher-${name.slice(0, 49)}-${suffix(random)}`,
      namespace: namespace ?? 'default',
      labels: podLabels(vmi),
      annotations,
      ownerReferences: [controllerRef(vmi)],
    },
    spec: podSpec(vmi.spec),
  };
}

/** Memory that qemu and its helpers take besides the guest's, in bytes. */
export function memoryOverheadBytes(spec: VmiSpec): number {
  const pageTables = Math.ceil(guestBytes(spec) / 512);
  return pageTables + (LAUNCHER_OVERHEAD_MIB + 8 * vcpusOf(spec)) * MIB;
}

/** The guest's memory in bytes: memory.guest, or the request when only that is given. */
export function guestBytes(spec: VmiSpec): number {
  const { memory, resources } = spec.domain;
  const text = memory?.guest ?? resources?.requests?.memory ?? resources?.limits?.memory ?? '0';
  return parseBytes(text);
}

function podLabels(vmi: VirtualMachineInstance): Record<string, string> {
  return {
    ...vmi.metadata.labels,
    'kubevirt.io': 'virt-launcher',
    'kubevirt.io/created-by': vmi.metadata.uid ?? '',
    'vm.kubevirt.io/name': vmi.metadata.name,
    'vmi.kubevirt.io/id': vmi.metadata.name,
  };
}

function podSpec(spec: VmiSpec): Pod['spec'] {
  const graceSeconds = (spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) + 2 * GRACE_PADDING_SECONDS;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: graceSeconds,
    ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
    automountServiceAccountToken: false,
    nodeSelector: {
      'kubernetes.io/arch': spec.architecture ?? 'amd64',
      'kubevirt.io/schedulable': 'true',
      ...spec.nodeSelector,
    },
    ...(spec.affinity === undefined ? {} : { affinity: spec.affinity }),
    ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
    containers: [{ name: 'compute', image: LAUNCHER_IMAGE, resources: computeResources(spec) }],
    volumes: (spec.volumes ?? []).filter((volume) => !isHotpluggable(volume)).map(podVolume),
  } as Pod['spec'];
}

function computeResources(spec: VmiSpec): ResourceRequirements {
  const vcpus = vcpusOf(spec);
  const own = spec.domain.resources;
  const cpu =
    own?.requests?.cpu ?? (dedicated(spec) ? String(vcpus) : `${Math.ceil((vcpus * 1000) / CPU_ALLOCATION_RATIO)}m`);
  const requests: Record<string, string> = { cpu, 'ephemeral-storage': '50M' };
  const limits: Record<string, string> = { ...own?.limits, 'devices.kubevirt.io/kvm': '1' };
  const pageSize = spec.domain.memory?.hugepages?.pageSize;
  const memoryBytes = own?.requests?.memory === undefined ? guestBytes(spec) : parseBytes(own.requests.memory);
  if (pageSize === undefined) {
    requests.memory = formatBytes(memoryBytes + memoryOverheadBytes(spec));
  } else {
    requests.memory = formatBytes(memoryOverheadBytes(spec));
    requests[`hugepages-${pageSize}`] = formatBytes(memoryBytes);
    limits[`hugepages-${pageSize}`] = formatBytes(memoryBytes);
  }
  if (dedicated(spec)) Object.assign(limits, { cpu, memory: requests.memory });
  for (const gpu of spec.domain.devices?.gpus ?? [])
    limits[gpu.deviceName] = String(Number(limits[gpu.deviceName] ?? 0) + 1);
  return { requests, limits };
}

function dedicated(spec: VmiSpec): boolean {
  return spec.domain.cpu?.dedicatedCpuPlacement === true;
}

function podVolume(volume: VolumeSpec): object {
  const claimName = claimNameOf(volume);
  if (claimName !== undefined) return { name: volume.name, persistentVolumeClaim: { claimName } };
  const secretName = volume.cloudInitNoCloud?.secretRef?.name ?? volume.cloudInitConfigDrive?.secretRef?.name;
  if (secretName !== undefined) return { name: `${volume.name}-udata`, secret: { secretName } };
  return { name: volume.name, emptyDir: {} };
}

/** Five characters as Kubernetes ends generated names. */
export function suffix(random: () => number): string {
  return Array.from({ length: 5 }, () => NAME_ALPHABET[Math.floor(random() * NAME_ALPHABET.length)] ?? 'x').join('');
}
