/** The VMInstance: what a user may want of it, what is reported of it, and the words of its lifecycle. */
import type { Resource, StatusEnvelope } from '../resource.ts';
import type { VmIntent, VmPower } from './intent.ts';
import type { StartedWith } from './started-with.ts';

export const RUN_STRATEGIES = ['Always', 'Halted', 'Manual', 'RerunOnFailure', 'Once'] as const;
export type RunStrategy = (typeof RUN_STRATEGIES)[number];

export const EXTERNAL_METHODS = ['PortList', 'WholeIP'] as const;
export type ExternalMethod = (typeof EXTERNAL_METHODS)[number];

export const DISK_BUSES = ['virtio', 'sata', 'scsi', 'usb'] as const;
export type DiskBus = (typeof DISK_BUSES)[number];

/** An entry of `disks`, as written: a name, or a name with the bus it is attached to. */
export type DiskEntry = string | { readonly name: string; readonly bus?: DiskBus };

/** As people write quantities: `8Gi` or `"4"`, and a bare `4` too. Empty text counts as not given. */
export type Quantity = string | number;

/** As the user wrote it, with defaults added and nothing rewritten. */
export interface VmInstanceSpec {
  readonly external: boolean;
  readonly externalMethod: ExternalMethod;
  readonly externalPorts: readonly number[];
  readonly running?: boolean;
  readonly runStrategy?: RunStrategy;
  readonly instanceType?: string;
  readonly instanceProfile: string;
  readonly disks: readonly DiskEntry[];
  readonly sshKeys: readonly string[];
  /** A secret: sealed wherever it is stored. */
  readonly cloudInit: string;
  readonly cloudInitSeed: string;
  readonly resources?: { readonly cpu?: Quantity; readonly memory?: Quantity; readonly sockets?: Quantity };
}

export const VM_PHASES = [
  'Pending',
  'Provisioning',
  'Starting',
  'Running',
  'Stopping',
  'Stopped',
  'Paused',
  'Migrating',
  'Failed',
  'Deleting',
] as const;
export type VmPhase = (typeof VM_PHASES)[number];

export const VM_CONDITIONS = ['Ready', 'DisksReady', 'Scheduled', 'Exposed', 'SpecApplied'] as const;
export type VmConditionType = (typeof VM_CONDITIONS)[number];

/** The size a machine is charged for, frozen when it is claimed. `series` is `custom` for explicit resources. */
export interface ChargedSize {
  readonly name: string;
  readonly series: string;
  readonly vcpu: number;
  readonly memoryMib: number;
}

export interface VmDiskState {
  readonly name: string;
  readonly ready: boolean;
  readonly attached: boolean;
  /** It came while the machine ran, and may be detached while it runs. Absent otherwise. */
  readonly hotplugged?: true;
}

/**
 * What a guest recognises itself and its network by, as far as neither spec nor uid say it. Kept with the row, so that it
 * outlives every object in the cluster.
 */
export interface VmIdentity {
  /** Of the manifest that was rendered last. A spec without a seed keeps it. */
  readonly firmwareUuid?: string;
  /** Of a machine that was adopted: the address that its guest had. Others derive theirs from the uid. */
  readonly macAddress?: string;
}

export interface VmInstanceStatus extends StatusEnvelope<VmConditionType> {
  readonly instanceType: ChargedSize;
  readonly addresses?: { readonly external?: string; readonly internal?: readonly string[] };
  readonly disks?: readonly VmDiskState[];
  readonly guest?: { readonly osName?: string; readonly hostname?: string; readonly agentConnected: boolean };
  readonly startedAt?: string;
  readonly restartRequired?: { readonly since: string; readonly fields: readonly string[] };
  /** Of a machine that is up: what an edit is compared with; not shown to users. */
  readonly startedWith?: StartedWith;
  /** Not shown to users. */
  readonly identity?: VmIdentity;
  /** Bookkeeping of the wishes about power; not shown to users. */
  readonly power?: VmPower;
}

export type VmInstance = Resource<'VMInstance', VmInstanceSpec, VmInstanceStatus, VmPhase> & {
  /** What was asked of its power beside the spec; not shown to users. */
  readonly intent?: VmIntent;
};

/** The name of a disk entry, in either form. */
export function diskName(entry: DiskEntry): string {
  return typeof entry === 'string' ? entry : entry.name;
}

/** The run strategy that a spec asks for: `running` is the specification's shorter word for Always and Halted. */
export function runStrategyOf(spec: VmInstanceSpec): RunStrategy {
  if (spec.runStrategy !== undefined) return spec.runStrategy;
  return spec.running === false ? 'Halted' : 'Always';
}
