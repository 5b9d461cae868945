/**
 * Instance types and preferences applied to a machine's template, and the refusals that this can lead to.
 *
 * Applying never changes a value that the user wrote: the instance type conflicts with it (and the machine is refused), the
 * preference yields to it. The texts are KubeVirt's, because clients show them to people.
 */
import type { KubeObject } from '@compute/kube-client';
import type { CpuSpec, DiskSpec, Matcher, VmiSpec } from './objects.ts';
import { parseBytes } from './quantity.ts';

export interface InstancetypeSpec {
  cpu: {
    guest: number;
    model?: string;
    maxSockets?: number;
    dedicatedCPUPlacement?: boolean;
    isolateEmulatorThread?: boolean;
  };
  memory: { guest: string; hugepages?: { pageSize: string }; overcommitPercent?: number };
  gpus?: { name: string; deviceName: string }[];
  annotations?: Record<string, string>;
  nodeSelector?: Record<string, string>;
}

export interface PreferenceSpec {
  requirements?: { cpu?: { guest: number }; memory?: { guest: string }; architecture?: string };
  cpu?: { preferredCPUTopology?: string };
  devices?: {
    preferredDiskBus?: string;
    preferredCdromBus?: string;
    preferredInterfaceModel?: string;
    preferredInputBus?: string;
    preferredTPM?: object;
    preferredRng?: object;
  };
  features?: Record<string, unknown>;
  firmware?: Record<string, unknown>;
  clock?: Record<string, unknown>;
  machine?: { preferredMachineType?: string };
  preferredTerminationGracePeriodSeconds?: number;
  annotations?: Record<string, string>;
}

export interface Instancetype extends KubeObject {
  spec: InstancetypeSpec;
}

export interface Preference extends KubeObject {
  spec: PreferenceSpec;
}

/** One field's refusal: what to say and which field it is about. */
export interface Refusal {
  message: string;
  field: string;
}

const TEMPLATE = 'spec.template.spec';

/** Whether a matcher names the namespaced kind; the cluster-wide kind is the default. */
export function isNamespacedMatcher(matcher: Matcher, role: 'instancetype' | 'preference'): boolean {
  const kind = (matcher.kind ?? '').toLowerCase();
  return kind === `virtualmachine${role}` || kind === `virtualmachine${role}s`;
}

/** Every field of the template that conflicts with the instance type; empty when it may be applied. */
export function instancetypeConflicts(type: InstancetypeSpec, spec: VmiSpec): Refusal[] {
  const { cpu, memory, resources } = spec.domain;
  const fields: string[] = [];
  if (resources?.requests?.cpu !== undefined) fields.push('resources.requests.cpu');
  if (resources?.limits?.cpu !== undefined) fields.push('resources.limits.cpu');
  if ((cpu?.sockets ?? 0) !== 0) fields.push('cpu.sockets');
  if ((cpu?.cores ?? 0) !== 0) fields.push('cpu.cores');
  if ((cpu?.threads ?? 0) !== 0) fields.push('cpu.threads');
  if ((cpu?.model ?? '') !== '' && type.cpu.model !== undefined) fields.push('cpu.model');
  if (memory?.guest !== undefined) fields.push('memory.guest');
  else if (resources?.requests?.memory !== undefined) fields.push('resources.requests.memory');
  else if (resources?.limits?.memory !== undefined) fields.push('resources.limits.memory');
  return fields.map((field) => {
    const path = `${TEMPLATE}.domain.${field}`;
    return { field: path, message: `VM field(s) ${path} conflicts with selected instance type` };
  });
}

/** The first requirement of the preference that is not met, or undefined. */
export function unmetRequirement(
  type: InstancetypeSpec | undefined,
  preference: PreferenceSpec,
  spec: VmiSpec,
): Refusal | undefined {
  const { cpu, memory, architecture } = preference.requirements ?? {};
  if (cpu !== undefined) {
    const refusal = type === undefined ? unmetOwnCpu(cpu.guest, preference, spec) : unmetTypeCpu(cpu.guest, type);
    if (refusal !== undefined) return refusal;
  }
  if (memory !== undefined) {
    const refusal = unmetMemory(memory.guest, type, spec);
    if (refusal !== undefined) return refusal;
  }
  if (architecture === undefined || (spec.architecture ?? 'amd64') === architecture) return undefined;
  const message = `preference requires architecture ${architecture} but ${spec.architecture ?? 'amd64'} is being requested`;
  return { field: `${TEMPLATE}.architecture`, message };
}

/** A copy of the spec with the instance type and the preference applied. The caller has checked for conflicts. */
export function applyInstancetype(
  spec: VmiSpec,
  type: InstancetypeSpec | undefined,
  preference: PreferenceSpec | undefined,
): VmiSpec {
  const next = structuredClone(spec);
  if (type !== undefined) applyType(next, type, preference);
  if (preference !== undefined) applyPreference(next, preference);
  return next;
}

function unmetTypeCpu(needed: number, type: InstancetypeSpec): Refusal | undefined {
  if (type.cpu.guest >= needed) return undefined;
  const given = `insufficient CPU resources of ${type.cpu.guest} vCPU provided by instance type`;
  return { field: 'spec.instancetype', message: `${given}, preference requires ${needed} vCPU` };
}

function unmetOwnCpu(needed: number, preference: PreferenceSpec, spec: VmiSpec): Refusal | undefined {
  const { cpu } = spec.domain;
  const field = `${TEMPLATE}.domain.cpu`;
  if (cpu === undefined) {
    return { field, message: `no CPU resources provided by VirtualMachine, preference requires ${needed} vCPU` };
  }
  const provided = ownVcpus(cpu, preference);
  if (provided.count >= needed) return undefined;
  const given = `insufficient CPU resources of ${provided.count} vCPU provided by VirtualMachine`;
  return {
    field: `${field}.${provided.as}`,
    message: `${given}, preference requires ${needed} vCPU provided as ${provided.as}`,
  };
}

function ownVcpus(cpu: CpuSpec, preference: PreferenceSpec): { count: number; as: string } {
  const sockets = cpu.sockets ?? 1;
  const cores = cpu.cores ?? 1;
  const threads = cpu.threads ?? 1;
  switch (preference.cpu?.preferredCPUTopology) {
    case 'cores':
      return { count: cores, as: 'cores' };
    case 'threads':
      return { count: threads, as: 'threads' };
    case 'spread':
      return { count: sockets * cores, as: 'SocketsCores' };
    case 'any':
      return { count: sockets * cores * threads, as: 'cores, sockets and threads' };
    default:
      return { count: sockets, as: 'sockets' };
  }
}

function unmetMemory(needed: string, type: InstancetypeSpec | undefined, spec: VmiSpec): Refusal | undefined {
  const guest = type?.memory.guest ?? spec.domain.memory?.guest;
  const field = type === undefined ? `${TEMPLATE}.domain.memory` : 'spec.instancetype';
  if (guest === undefined) {
    return { field, message: `no Memory resources provided by VirtualMachine, preference requires ${needed}` };
  }
  if (parseBytes(guest) >= parseBytes(needed)) return undefined;
  const provider = type === undefined ? 'VirtualMachine' : 'instance type';
  return {
    field,
    message: `insufficient Memory resources of ${guest} provided by ${provider}, preference requires ${needed}`,
  };
}

function applyType(spec: VmiSpec, type: InstancetypeSpec, preference: PreferenceSpec | undefined): void {
  const { domain } = spec;
  domain.cpu = { ...domain.cpu, sockets: 1, cores: 1, threads: 1 };
  if (type.cpu.model !== undefined) domain.cpu.model = type.cpu.model;
  if (type.cpu.maxSockets !== undefined) domain.cpu.maxSockets = type.cpu.maxSockets;
  if (type.cpu.dedicatedCPUPlacement === true) domain.cpu.dedicatedCpuPlacement = true;
  spreadVcpus(domain.cpu, type.cpu.guest, preference?.cpu?.preferredCPUTopology);
  domain.memory = { ...domain.memory, guest: type.memory.guest };
  if (type.memory.hugepages !== undefined) domain.memory.hugepages = { ...type.memory.hugepages };
  if ((type.memory.overcommitPercent ?? 0) > 0) {
    const bytes = Math.floor(parseBytes(type.memory.guest) * (1 - (type.memory.overcommitPercent ?? 0) / 100));
    domain.resources = { ...domain.resources, requests: { ...domain.resources?.requests, memory: String(bytes) } };
  }
  if (type.nodeSelector !== undefined) spec.nodeSelector = { ...type.nodeSelector, ...spec.nodeSelector };
}

function spreadVcpus(cpu: CpuSpec, vcpus: number, topology: string | undefined): void {
  if (topology === 'cores') cpu.cores = vcpus;
  else if (topology === 'threads') cpu.threads = vcpus;
  else if (topology === 'spread' && vcpus >= 2) Object.assign(cpu, { cores: 2, sockets: Math.floor(vcpus / 2) });
  else cpu.sockets = vcpus;
}

function applyPreference(spec: VmiSpec, preference: PreferenceSpec): void {
  const { devices, machine, preferredTerminationGracePeriodSeconds: gracePeriodSeconds } = preference;
  for (const disk of spec.domain.devices?.disks ?? []) applyDiskBus(disk, devices);
  for (const nic of spec.domain.devices?.interfaces ?? []) {
    if (nic.model === undefined && devices?.preferredInterfaceModel !== undefined)
      nic.model = devices.preferredInterfaceModel;
  }
  if (machine?.preferredMachineType !== undefined && (spec.domain.machine?.type ?? '') === '') {
    spec.domain.machine = { type: machine.preferredMachineType };
  }
  if (gracePeriodSeconds !== undefined) spec.terminationGracePeriodSeconds ??= gracePeriodSeconds;
}

function applyDiskBus(disk: DiskSpec, devices: PreferenceSpec['devices']): void {
  if (disk.cdrom !== undefined) {
    if ((disk.cdrom.bus ?? '') === '' && devices?.preferredCdromBus !== undefined)
      disk.cdrom.bus = devices.preferredCdromBus;
    return;
  }
  if (disk.lun !== undefined) return;
  disk.disk ??= {};
  if ((disk.disk.bus ?? '') === '' && devices?.preferredDiskBus !== undefined) disk.disk.bus = devices.preferredDiskBus;
}
