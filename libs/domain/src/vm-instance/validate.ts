/**
 * The rules of a VMInstance that need no library: everything is found at once, each finding with its JSON pointer
 * into the manifest. Shapes and types are checked before (contract library); here every field has its type.
 */
import { type Catalogue, findInstanceType, findProfile, type InstanceProfile } from '../catalogue/catalogue.ts';
import { NAME_MAX_LENGTH, nameProblems } from '../names.ts';
import { gibOf, parseCpuCount, parseQuantityMib } from '../quantity.ts';
import { given } from '../quota/claims.ts';
import { Findings, type Verdict } from '../validation.ts';
import { sshKeyFinding } from './ssh-key.ts';
import { diskName, type Quantity, runStrategyOf, type VmInstanceSpec } from './vm-instance.ts';

export const MAX_DISKS = 32;
export const MAX_PORTS = 100;
export const MAX_SSH_KEYS = 100;
export const MAX_SSH_KEY_LENGTH = 16_384;
/** A Secret's limit is 1 MiB in all; this leaves room for its other keys and the encoding. */
export const MAX_CLOUD_INIT_BYTES = 512 * 1024;
export const MAX_SEED_LENGTH = 253;
const MAX_PORT = 65_535;
const MIN_MEMORY_MIB = 128;
const MAX_VCPU = 256;
const MAX_MEMORY_MIB = 4 * 1024 * 1024;

/** Checks a spec as a whole. `byteLength` of cloud-init is measured by the caller, who knows the encoding. */
export function validateVmSpec(spec: VmInstanceSpec, catalogue: Catalogue): Verdict {
  const findings = new Findings();
  checkPower(spec, findings);
  checkExposure(spec, findings);
  checkSize(spec, catalogue, findings);
  checkDisks(spec, findings);
  checkKeys(spec, findings);
  checkSeed(spec, findings);
  return findings;
}

function checkPower(spec: VmInstanceSpec, findings: Findings): void {
  if (spec.running === undefined || spec.runStrategy === undefined) return;
  const wantsOff = spec.runStrategy === 'Halted';
  if (spec.running !== wantsOff) return;
  const message = `running: ${spec.running} contradicts runStrategy: ${spec.runStrategy}. Give one of them.`;
  findings.refuse('/spec/runStrategy', 'contradiction', message);
}

function checkExposure(spec: VmInstanceSpec, findings: Findings): void {
  checkPorts(spec.externalPorts, findings);
  const ports = spec.externalPorts.length;
  if (!spec.external) {
    if (ports > 0)
      findings.warn('/spec/externalPorts', 'not_exposed', 'Kept, but nothing is exposed while external is false.');
    return;
  }
  if (spec.externalMethod === 'WholeIP') {
    const message = 'WholeIP exposes every port to the Internet without a firewall; externalPorts does not limit it.';
    findings.warn('/spec/externalMethod', 'whole_ip_exposed', message);
    return;
  }
  if (ports === 0) {
    const message = 'external: true with PortList needs at least one port, or it would expose nothing.';
    findings.refuse('/spec/externalPorts', 'required', message);
  }
}

function checkPorts(ports: readonly number[], findings: Findings): void {
  if (ports.length > MAX_PORTS)
    findings.refuse('/spec/externalPorts', 'too_many', `At most ${MAX_PORTS} ports, these are ${ports.length}.`);
  ports.forEach((port, index) => {
    const pointer = `/spec/externalPorts/${index}`;
    if (!Number.isInteger(port) || port < 1 || port > MAX_PORT)
      findings.refuse(pointer, 'out_of_range', `A port is a whole number from 1 to ${MAX_PORT}.`);
    else if (ports.indexOf(port) < index) findings.refuse(pointer, 'duplicate', `Port ${port} is listed twice.`);
  });
}

function checkSize(spec: VmInstanceSpec, catalogue: Catalogue, findings: Findings): void {
  const profile = checkProfile(spec, catalogue, findings);
  const size = given(spec.instanceType)
    ? sizeOfType(spec, spec.instanceType, catalogue, findings)
    : sizeOfResources(spec, findings);
  if (profile && size) checkProfileFits(profile, size, findings);
}

function checkProfile(spec: VmInstanceSpec, catalogue: Catalogue, findings: Findings): InstanceProfile | undefined {
  const pointer = '/spec/instanceProfile';
  const profile = findProfile(catalogue, spec.instanceProfile);
  if (!profile) {
    findings.refuse(
      pointer,
      'unknown_profile',
      `There is no profile '${spec.instanceProfile}'. GET /v1/instance-profiles lists them.`,
    );
    return undefined;
  }
  if (profile.deprecated)
    findings.warn(pointer, 'deprecated_profile', `Profile '${profile.name}' (${profile.title}) is deprecated.`);
  return profile;
}

interface Size {
  readonly what: string;
  readonly vcpu: number;
  readonly memoryMib: number;
}

function sizeOfType(spec: VmInstanceSpec, name: string, catalogue: Catalogue, findings: Findings): Size | undefined {
  const { cpu, memory, sockets } = spec.resources ?? {};
  if (given(cpu) || given(memory) || given(sockets)) {
    const message = 'Give either instanceType or resources, not both.';
    findings.refuse('/spec/resources', 'contradiction', message);
  }
  const pointer = '/spec/instanceType';
  const type = findInstanceType(catalogue, name);
  if (!type) {
    findings.refuse(
      pointer,
      'unknown_instance_type',
      `There is no instance type '${name}'. GET /v1/instance-types lists them.`,
    );
    return undefined;
  }
  if (!type.available) findings.refuse(pointer, 'unavailable', `Instance type '${name}' is not offered at present.`);
  if (type.deprecated) findings.warn(pointer, 'deprecated_instance_type', `Instance type '${name}' is deprecated.`);
  return { what: `Instance type '${name}'`, vcpu: type.vcpu, memoryMib: type.memoryMib };
}

function sizeOfResources(spec: VmInstanceSpec, findings: Findings): Size | undefined {
  const { cpu, memory, sockets } = spec.resources ?? {};
  if (!given(cpu) && !given(memory)) {
    const message = 'Give an instanceType, or resources.cpu and resources.memory.';
    findings.refuse('/spec/instanceType', 'required', message);
    return undefined;
  }
  const cores = checkCpu(cpu, '/spec/resources/cpu', findings);
  const socketCount = given(sockets) ? checkCpu(sockets, '/spec/resources/sockets', findings) : 1;
  const memoryMib = checkMemory(memory, findings);
  if (cores === undefined || socketCount === undefined || memoryMib === undefined) return undefined;
  const vcpu = cores * socketCount;
  if (vcpu > MAX_VCPU)
    findings.refuse('/spec/resources/cpu', 'out_of_range', `At most ${MAX_VCPU} vCPU, these are ${vcpu}.`);
  return { what: 'The machine', vcpu, memoryMib };
}

function checkCpu(written: Quantity | undefined, pointer: string, findings: Findings): number | undefined {
  const count = parseCpuCount(`${written ?? ''}`);
  if (count === undefined) findings.refuse(pointer, 'invalid_quantity', 'A whole number of CPUs, at least 1.');
  return count;
}

function checkMemory(written: Quantity | undefined, findings: Findings): number | undefined {
  const pointer = '/spec/resources/memory';
  const memoryMib = parseQuantityMib(`${written ?? ''}`);
  if (memoryMib === undefined) {
    findings.refuse(pointer, 'invalid_quantity', 'A size such as 512Mi or 8Gi.');
    return undefined;
  }
  if (memoryMib < MIN_MEMORY_MIB || memoryMib > MAX_MEMORY_MIB) {
    findings.refuse(pointer, 'out_of_range', `From ${MIN_MEMORY_MIB}Mi to ${gibOf(MAX_MEMORY_MIB)}Gi.`);
    return undefined;
  }
  return memoryMib;
}

function checkProfileFits(profile: InstanceProfile, size: Size, findings: Findings): void {
  if (size.memoryMib < profile.minMemoryMib) {
    const message = `Profile '${profile.name}' needs ${gibOf(profile.minMemoryMib)} GiB of memory. ${size.what} has ${gibOf(size.memoryMib)} GiB.`;
    findings.refuse('/spec/instanceProfile', 'insufficient_memory', message);
  }
  if (size.vcpu < profile.minVcpu) {
    const message = `Profile '${profile.name}' needs ${profile.minVcpu} vCPU. ${size.what} has ${size.vcpu}.`;
    findings.refuse('/spec/instanceProfile', 'insufficient_cpu', message);
  }
}

function checkDisks(spec: VmInstanceSpec, findings: Findings): void {
  if (spec.disks.length > MAX_DISKS)
    findings.refuse('/spec/disks', 'too_many', `At most ${MAX_DISKS} disks, these are ${spec.disks.length}.`);
  const names = spec.disks.map(diskName);
  spec.disks.forEach((entry, index) => {
    const name = diskName(entry);
    const pointer = typeof entry === 'string' ? `/spec/disks/${index}` : `/spec/disks/${index}/name`;
    findings.problems.push(...nameProblems(name, NAME_MAX_LENGTH.VMDisk, pointer));
    if (names.indexOf(name) < index) findings.refuse(pointer, 'duplicate', `Disk '${name}' is listed twice.`);
  });
  if (names.length === 0 && runStrategyOf(spec) !== 'Halted')
    findings.warn('/spec/disks', 'no_disk', 'The machine has no disk to boot from.');
}

function checkKeys(spec: VmInstanceSpec, findings: Findings): void {
  if (spec.sshKeys.length > MAX_SSH_KEYS)
    findings.refuse('/spec/sshKeys', 'too_many', `At most ${MAX_SSH_KEYS} keys, these are ${spec.sshKeys.length}.`);
  spec.sshKeys.forEach((key, index) => {
    const pointer = `/spec/sshKeys/${index}`;
    if (key.length > MAX_SSH_KEY_LENGTH) {
      findings.refuse(pointer, 'too_long', `At most ${MAX_SSH_KEY_LENGTH} characters.`);
      return;
    }
    const finding = sshKeyFinding(key);
    if (finding?.level === 'error') findings.refuse(pointer, finding.code, finding.message);
    if (finding?.level === 'warning') findings.warn(pointer, finding.code, finding.message);
  });
}

function checkSeed(spec: VmInstanceSpec, findings: Findings): void {
  if (spec.cloudInitSeed.length > MAX_SEED_LENGTH)
    findings.refuse('/spec/cloudInitSeed', 'too_long', `At most ${MAX_SEED_LENGTH} characters.`);
}

/** What an edit of an existing machine is worth a word about. Nothing of a VMInstance's spec is immutable. */
export function validateVmChange(before: VmInstanceSpec, after: VmInstanceSpec): Verdict {
  const findings = new Findings();
  if (before.cloudInitSeed !== after.cloudInitSeed) {
    const message = "Changes the machine's identity: cloud-init runs again at the next boot.";
    findings.warn('/spec/cloudInitSeed', 'cloud_init_runs_again', message);
  } else if (before.cloudInit !== after.cloudInit) {
    const message = 'A guest that has booted does not run cloud-init again unless cloudInitSeed changes too.';
    findings.warn('/spec/cloudInit', 'cloud_init_not_rerun', message);
  }
  return findings;
}
