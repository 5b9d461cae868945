/** What the cluster shows of a disk, reduced to what the planner asks. Made by the cluster library from its caches. */
import type { ObservedCondition, ObservedObject } from '../plan.ts';
import type { DiskState } from '../vm-instance/observed.ts';
import type { SourceFinding } from './source-finding.ts';

export interface ObservedDataVolume extends ObservedObject {
  /** CDI's phase, as it stands; '' when CDI has not looked yet. */
  readonly phase: string;
  /** 0 to 100, when CDI tells one. */
  readonly percent?: number;
  readonly restartCount: number;
  readonly running?: ObservedCondition;
  readonly bound?: ObservedCondition;
  readonly ready?: ObservedCondition;
}

export interface ObservedClaim extends ObservedObject {
  readonly phase: 'Pending' | 'Bound' | 'Lost';
  readonly capacityMib?: number;
  readonly capacity?: string;
  readonly requestedMib?: number;
  readonly resize?: ObservedResize;
}

/** How far the cluster is with making a claim larger, where it says so. */
export interface ObservedResize {
  /** `fileSystem`: the volume has grown, its file system grows when a machine next uses it. */
  readonly state: 'controller' | 'fileSystem' | 'failing' | 'infeasible';
  readonly message: string;
}

/** The disk that a clone copies, as our own rows tell, and who has it plugged in. */
export interface OriginDisk {
  readonly name: string;
  readonly state: DiskState;
  /** Size of its storage. */
  readonly storageMib?: number;
  readonly usedByMachines: readonly string[];
}

/** A warning that the cluster wrote about the claim of the disk, in its own words. */
export interface ClaimWarning {
  readonly reason: string;
  readonly message: string;
}

export interface DiskObserved {
  /** When this was looked at; the planner's only clock. */
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly dataVolume?: ObservedDataVolume;
  readonly claim?: ObservedClaim;
  /** Somebody changed labels or annotations of ours by hand. */
  readonly mislabelled?: boolean;
  /** The volume is there and is ours, but somebody took the label away by which it is found. */
  readonly unlabelled?: boolean;
  /** What our own question to the URL found; absent where none was asked. */
  readonly source?: SourceFinding;
  /** Present for a clone of a disk. */
  readonly origin?: OriginDisk;
  /** The newest first; asked only for a disk that waits for the cluster longer than usual. */
  readonly warnings?: readonly ClaimWarning[];
  /** Names of the VMs that have the disk in the cluster, or will have it at their next start. */
  readonly usedByMachines: readonly string[];
}

export type DiskAction =
  | { readonly do: 'ensureNamespace' }
  | { readonly do: 'applyDataVolume' }
  | { readonly do: 'growClaim'; readonly storage: string }
  | { readonly do: 'deleteDataVolume'; readonly uid: string };
