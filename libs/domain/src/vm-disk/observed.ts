/** What the cluster shows of a disk, reduced to what the planner asks. Made by the cluster library from its caches. */
import type { ObservedCondition, ObservedObject } from '../plan.ts';

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
}

export interface DiskObserved {
  /** When this was looked at; the planner's only clock. */
  readonly at: Date;
  readonly namespaceExists: boolean;
  readonly dataVolume?: ObservedDataVolume;
  readonly claim?: ObservedClaim;
  /** Size of the source and bytes so far, where the importer tells them. */
  readonly transfer?: { readonly totalBytes?: number; readonly transferredBytes?: number };
  /** Names of the VMs whose running machine has the disk plugged in. */
  readonly usedByMachines: readonly string[];
}

export type DiskAction =
  | { readonly do: 'ensureNamespace' }
  | { readonly do: 'applyDataVolume' }
  | { readonly do: 'growClaim'; readonly storage: string }
  | { readonly do: 'deleteDataVolume'; readonly uid: string };
