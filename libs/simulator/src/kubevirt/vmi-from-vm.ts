/**
 * The VirtualMachineInstance that a VirtualMachine starts.
 *
 * The VMI is a frozen copy of the template: everything later changed in the VM waits for the next start. The instance type and
 * the preference are applied here for good, so a VMI never refers to them.
 */
import { createHash } from 'node:crypto';
import { controllerRef } from '@compute/kube-client';
import type { InstancetypeSpec, PreferenceSpec } from './instancetype.ts';
import { applyInstancetype } from './instancetype.ts';
import type { VirtualMachine, VirtualMachineInstance, VmiSpec } from './objects.ts';
import { GENERATION_ANNOTATION, VM_API_VERSION, VM_FINALIZER } from './objects.ts';
import { hasPausedStartRequest } from './run-strategy.ts';

export interface VmiParts {
  instancetype: InstancetypeSpec | undefined;
  preference: PreferenceSpec | undefined;
  /** Name of the ControllerRevision that holds the VM's spec as it is started. */
  revisionName: string;
}

/** The VMI to create. The VM was read from the API (its uid and generation are known). */
export function vmiFromVm(vm: VirtualMachine, parts: VmiParts): VirtualMachineInstance {
  const { template } = vm.spec;
  const metadata = { ...structuredClone(template.metadata ?? {}) };
  const matchers = matcherAnnotations(vm);
  return {
    apiVersion: VM_API_VERSION,
    kind: 'VirtualMachineInstance',
    metadata: {
      ...metadata,
      name: vm.metadata.name,
      namespace: vm.metadata.namespace ?? 'default',
      annotations: {
        ...metadata.annotations,
        ...matchers,
        [GENERATION_ANNOTATION]: String(vm.metadata.generation ?? 1),
      },
      finalizers: [VM_FINALIZER],
      ownerReferences: [controllerRef(vm)],
    },
    spec: vmiSpec(vm, parts),
    status: { virtualMachineRevisionName: parts.revisionName, runtimeUser: 107 },
  };
}

/** The template's spec with instance type and preference applied: what "the same machine" is compared by. */
export function expandedSpec(spec: VmiSpec, parts: Pick<VmiParts, 'instancetype' | 'preference'>): VmiSpec {
  return applyInstancetype(spec, parts.instancetype, parts.preference);
}

/** Fills what every VMI has: architecture, machine type, CPU topology, bus of disks, the default network. */
export function defaultVmiSpec(spec: VmiSpec): VmiSpec {
  const next = structuredClone(spec);
  const { domain } = next;
  next.architecture ??= 'amd64';
  if ((domain.machine?.type ?? '') === '') domain.machine = { type: 'q35' };
  domain.cpu = { ...domain.cpu, ...topologyOf(next) };
  domain.devices ??= {};
  for (const disk of domain.devices.disks ?? []) {
    if (disk.disk === undefined && disk.cdrom === undefined && disk.lun === undefined) disk.disk = {};
    const target = disk.disk ?? disk.cdrom ?? disk.lun;
    if (target !== undefined && (target.bus ?? '') === '') target.bus = 'sata';
    if (disk.cdrom !== undefined) disk.cdrom.readonly ??= true;
  }
  if (next.networks === undefined && domain.devices.autoattachPodInterface !== false) {
    domain.devices.interfaces ??= [{ name: 'default', bridge: {} }];
    next.networks = [{ name: 'default', pod: {} }];
  }
  next.evictionStrategy ??= 'None';
  return next;
}

/** Sockets, cores and threads with their defaults of one. */
export function topologyOf(spec: VmiSpec): { sockets: number; cores: number; threads: number } {
  const { sockets, cores, threads } = spec.domain.cpu ?? {};
  return { sockets: sockets || 1, cores: cores || 1, threads: threads || 1 };
}

/** Number of vCPUs the guest sees. */
export function vcpusOf(spec: VmiSpec): number {
  const { sockets, cores, threads } = topologyOf(spec);
  return sockets * cores * threads;
}

function vmiSpec(vm: VirtualMachine, parts: VmiParts): VmiSpec {
  const spec = defaultVmiSpec(expandedSpec(vm.spec.template.spec, parts));
  if (hasPausedStartRequest(vm)) spec.startStrategy = 'Paused';
  spec.domain.firmware ??= {};
  spec.domain.firmware.uuid ??= stableUuid(
    `${vm.metadata.namespace ?? ''}/${vm.metadata.name}/${vm.metadata.uid ?? ''}`,
  );
  return spec;
}

function matcherAnnotations(vm: VirtualMachine): Record<string, string> {
  const { instancetype, preference } = vm.spec;
  const annotations: Record<string, string> = {};
  if (instancetype?.name !== undefined) annotations['kubevirt.io/cluster-instancetype-name'] = instancetype.name;
  if (preference?.name !== undefined) annotations['kubevirt.io/cluster-preference-name'] = preference.name;
  return annotations;
}

/** A version 5 style UUID of a text: the same machine keeps its firmware UUID over restarts. */
function stableUuid(text: string): string {
  const hex = createHash('sha1').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
