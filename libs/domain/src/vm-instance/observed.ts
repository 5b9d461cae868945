/** What the cluster shows of a machine, reduced to what the planner asks. Made by the cluster library from its caches. */
import type { ObservedCondition, ObservedObject } from '../plan.ts';
import type { StartedWith } from './started-with.ts';
import type { RunStrategy } from './vm-instance.ts';

export interface ObservedVirtualMachine extends ObservedObject {
  readonly runStrategy?: RunStrategy;
  /** A hint only: it flaps and lies in known ways. */
  readonly printableStatus?: string;
  readonly created: boolean;
  readonly ready: boolean;
  readonly failure?: ObservedCondition;
  readonly restartRequired?: ObservedCondition;
  readonly startFailures: number;
  /** It has run under its present strategy, and the cluster starts it no more unless it is asked to. */
  readonly cameToRest?: boolean;
  /** Names of the disks that its manifest names. */
  readonly disks?: readonly string[];
  /** Those of them that may come and go while the machine runs. */
  readonly plugDisks?: readonly string[];
}

/** A disk that came to a machine while it ran. */
export interface ObservedPlug {
  readonly name: string;
  /** The guest has it. */
  readonly ready: boolean;
  /** It is no longer wanted, but the guest or the node still has it. */
  readonly leaving: boolean;
}

/** The running incarnation (VirtualMachineInstance). Its uid changes with every restart. */
export interface ObservedMachine {
  readonly uid: string;
  readonly phase: string;
  readonly deleting: boolean;
  readonly ready?: ObservedCondition;
  readonly synchronized?: ObservedCondition;
  readonly scheduled?: ObservedCondition;
  readonly paused: boolean;
  readonly migrating: boolean;
  readonly agentConnected: boolean;
  readonly nodeName?: string;
  readonly ips: readonly string[];
  readonly osName?: string;
  readonly hostname?: string;
  /** When it entered its present phase, by the cluster's clock. */
  readonly phaseSince?: Date;
  /** Names of the disks that it has, also of those that are coming or leaving. */
  readonly disks: readonly string[];
  /** Those of them that came while it ran. */
  readonly plugs?: readonly ObservedPlug[];
  /** Absent on machines that were started by an older version of the control plane. */
  readonly startedWith?: StartedWith;
  /** The size that the guest has now, where the cluster tells. */
  readonly size?: { readonly vcpu: number; readonly memoryMib: number };
}

export interface ObservedService extends ObservedObject {
  /** Every port that it has now, whoever put it there. */
  readonly ports?: readonly number[];
  readonly externalIp?: string;
}

/** `inUse`: ready, but another machine has not let go of it yet. */
export type DiskState = 'missing' | 'pending' | 'ready' | 'inUse' | 'failed' | 'deleting';

export interface ObservedDiskOfVm {
  readonly name: string;
  readonly state: DiskState;
  readonly optical: boolean;
  /** Of a disk that is in use: the machines that have it, or will have it when they start. */
  readonly heldBy?: readonly string[];
}

export interface VmObserved {
  /** When this was looked at; the planner's only clock. */
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly virtualMachine?: ObservedVirtualMachine;
  readonly machine?: ObservedMachine;
  readonly service?: ObservedService;
  readonly cloudInitSecret?: ObservedObject;
  readonly sshKeysSecret?: ObservedObject;
  /** Nothing is heard of the node that the machine is on; what the cluster shows of the machine is old. */
  readonly nodeSilent?: boolean;
  /** In a deletion: the cluster has no VirtualMachine that would end the running machine. */
  readonly ownerless?: boolean;
  /** How the machine's last pod ended that ended in failure, while the cluster still shows or the worker still knows it. */
  readonly lastCrash?: { readonly reason: string; readonly machineUid?: string };
  /** The disks that the spec names, as our own rows tell. */
  readonly disks: readonly ObservedDiskOfVm[];
}

/** Hashes of the manifests that the present spec renders to; absent when no such object is wanted. */
export interface VmRendered {
  readonly virtualMachine: string;
  /** What the next start takes over. */
  readonly startsWith: StartedWith;
  readonly service?: string;
  readonly cloudInitSecret?: string;
  readonly sshKeysSecret?: string;
  /** Digests of what these manifests want, as {@link ObservedObject.content} has them. */
  readonly contents?: Readonly<Partial<Record<VmObject, string>>>;
}

/** The objects of a machine that manifests are rendered for. */
export type VmObject = 'virtualMachine' | 'service' | 'cloudInitSecret' | 'sshKeysSecret';

export type VmAction =
  | { readonly do: 'ensureNamespace' }
  | { readonly do: 'applyCloudInitSecret' }
  | { readonly do: 'applySshKeysSecret' }
  | { readonly do: 'applyVirtualMachine' }
  | { readonly do: 'applyService' }
  | { readonly do: 'plugDisk'; readonly disk: string }
  | { readonly do: 'unplugDisk'; readonly disk: string }
  | { readonly do: 'deleteVirtualMachine'; readonly uid: string }
  /** Ends this incarnation and no other; the run strategy says whether another one comes. */
  | { readonly do: 'deleteMachine'; readonly uid: string }
  /** Gives the guest of this incarnation no more than this time to shut down; 0 kills it. */
  | { readonly do: 'hurryMachine'; readonly uid: string; readonly graceSeconds: number }
  /** For the run strategies under which no incarnation comes by itself. */
  | { readonly do: 'startMachine' }
  | { readonly do: 'pauseMachine'; readonly uid: string }
  | { readonly do: 'unpauseMachine'; readonly uid: string }
  | { readonly do: 'deleteService'; readonly uid: string }
  | { readonly do: 'deleteCloudInitSecret'; readonly uid: string }
  | { readonly do: 'deleteSshKeysSecret'; readonly uid: string };
