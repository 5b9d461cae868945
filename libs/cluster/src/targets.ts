/** A row together with what the store knows about its place: the input of everything this library does for it. */
import type { VmDisk, VmInstance } from '@compute/domain';

export interface DiskTarget {
  readonly disk: VmDisk;
  /** Namespace of the row's project. */
  readonly namespace: string;
}

export interface VmTarget {
  readonly vm: VmInstance;
  /** Namespace of the row's project. */
  readonly namespace: string;
  /** The rows of the disks that its spec names, as far as they exist. */
  readonly disks: readonly VmDisk[];
}
