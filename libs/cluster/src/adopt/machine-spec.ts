/**
 * A VirtualMachine read back as the spec that renders to it. The inverse of `renderVirtualMachine` for what that can
 * render; what it cannot is found by rendering the spec again and comparing (`read-machine.ts`), so nothing need be
 * listed here to be noticed. Pure.
 */
import {
  DISK_BUSES,
  type DiskEntry,
  RUN_STRATEGIES,
  type RunStrategy,
  type VmIdentity,
  type VmInstanceSpec,
} from '@compute/domain';
import type { MachineSpec, Secret, Service, TemplateDisk, VirtualMachine } from '../kinds.ts';
import { diskNameOfObject } from '../manifests/object-names.ts';
import { cloudConfigOfKeys } from '../manifests/secrets.ts';
import { PLACEHOLDER_PORT, WHOLE_IP_ANNOTATION } from '../manifests/service.ts';
import type { MachineObjects } from './machine-objects.ts';

const MAC_ANNOTATION = 'ovn.kubernetes.io/mac_address';

export function machineSpec(objects: MachineObjects, profile?: string): VmInstanceSpec {
  const { virtualMachine, sshKeys, service } = objects;
  const { instancetype, preference, template } = virtualMachine.spec;
  const keys = sshKeysOf(sshKeys);
  return {
    ...exposureOf(service),
    ...powerOf(strategyOf(virtualMachine)),
    ...(instancetype ? { instanceType: instancetype.name } : { resources: resourcesOf(template.spec.domain) }),
    instanceProfile: preference?.name ?? profile ?? '',
    disks: disksOf(template.spec),
    sshKeys: keys,
    cloudInit: cloudInitOf(objects, keys),
    cloudInitSeed: '',
  };
}

export function strategyOf({ spec }: VirtualMachine): RunStrategy {
  const known = RUN_STRATEGIES.find((strategy) => strategy === spec.runStrategy);
  return known ?? (spec.running === false ? 'Halted' : 'Always');
}

/** What the guest recognises itself by now. Without a machine that is up, only what the template pins is known. */
export function identityOf({ virtualMachine, machine }: MachineObjects): VmIdentity {
  const { spec, metadata } = virtualMachine.spec.template;
  const firmwareUuid = machine?.spec.domain?.firmware?.uuid ?? spec.domain.firmware?.uuid;
  const macAddress =
    machine?.status?.interfaces?.[0]?.mac ??
    spec.domain.devices.interfaces?.[0]?.macAddress ??
    metadata?.annotations?.[MAC_ANNOTATION];
  return { ...(firmwareUuid ? { firmwareUuid } : {}), ...(macAddress ? { macAddress } : {}) };
}

function powerOf(strategy: RunStrategy): Pick<VmInstanceSpec, 'running' | 'runStrategy'> {
  if (strategy === 'Always') return { running: true };
  return strategy === 'Halted' ? { running: false } : { runStrategy: strategy };
}

interface SizedDomain {
  readonly cpu?: { readonly cores?: number; readonly sockets?: number };
  readonly memory?: { readonly guest?: string };
  readonly resources?: { readonly requests?: { readonly memory?: string } };
}

function resourcesOf(domain: MachineSpec['domain']): NonNullable<VmInstanceSpec['resources']> {
  const { cpu, memory, resources }: SizedDomain = domain;
  const size = memory?.guest ?? resources?.requests?.memory;
  return {
    cpu: String(cpu?.cores ?? 1),
    sockets: String(cpu?.sockets ?? 1),
    ...(size === undefined ? {} : { memory: size }),
  };
}

/** In boot order; disks without a place in it come behind. */
function disksOf({ domain, volumes = [] }: MachineSpec): DiskEntry[] {
  const devices = domain.devices.disks ?? [];
  const inOrder = devices
    .filter(({ bootOrder }) => bootOrder !== undefined)
    .toSorted((one, other) => (one.bootOrder ?? 0) - (other.bootOrder ?? 0));
  const others = devices.filter(({ bootOrder }) => bootOrder === undefined);
  return [...inOrder, ...others].flatMap((device) => {
    const volume = volumes.find(({ name }) => name === device.name);
    const disk = diskNameOfObject(volume?.dataVolume?.name ?? volume?.persistentVolumeClaim?.claimName ?? '');
    return disk === undefined ? [] : [entryOf(disk, device)];
  });
}

function entryOf(name: string, { disk, cdrom }: TemplateDisk): DiskEntry {
  const bus = DISK_BUSES.find((known) => known === (cdrom ?? disk)?.bus);
  const isUsual = bus === undefined || (cdrom !== undefined && bus === 'sata');
  return isUsual ? name : { name, bus };
}

/** `key0`, `key1`, … `key10`: in the order of their numbers. */
function sshKeysOf(secret: Secret | undefined): string[] {
  return Object.entries(secret?.data ?? {})
    .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([, key]) => textOf(key));
}

function cloudInitOf({ virtualMachine, userData }: MachineObjects, keys: readonly string[]): string {
  const inline = virtualMachine.spec.template.spec.volumes?.find(({ cloudInitNoCloud }) => cloudInitNoCloud);
  const { userData: clear, userDataBase64: encoded } = inline?.cloudInitNoCloud ?? {};
  const stored = userData?.data?.userdata ?? userData?.data?.userData;
  const text = clear ?? textOf(encoded ?? stored ?? '');
  return keys.length > 0 && text === cloudConfigOfKeys(keys) ? '' : text;
}

function exposureOf(
  service: Service | undefined,
): Pick<VmInstanceSpec, 'external' | 'externalMethod' | 'externalPorts'> {
  const isExposed = service?.spec.type === 'LoadBalancer';
  const isWhole = isExposed && service.metadata.annotations?.[WHOLE_IP_ANNOTATION] === 'true';
  const ports = isExposed ? (service.spec.ports ?? []).map(({ port }) => port) : [];
  return {
    external: isExposed,
    externalMethod: isWhole ? 'WholeIP' : 'PortList',
    externalPorts: ports.filter((port) => port !== PLACEHOLDER_PORT),
  };
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
