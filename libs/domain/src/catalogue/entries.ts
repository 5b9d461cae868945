/** What an entry of the catalogue says. Sizes in MiB; users see GiB. */

export interface InstanceType {
  readonly name: string;
  /** Quotas are kept per series. */
  readonly series: string;
  readonly vcpu: number;
  readonly memoryMib: number;
  readonly available: boolean;
  readonly deprecated: boolean;
}

export interface InstanceProfile {
  readonly name: string;
  readonly title: string;
  readonly os: 'linux' | 'windows';
  readonly deprecated: boolean;
  /** What a machine needs at least, as the cluster's preference demands it. */
  readonly minVcpu: number;
  readonly minMemoryMib: number;
}

export interface StorageClass {
  readonly name: string;
  readonly description: string;
  readonly replicated: boolean;
  readonly default: boolean;
}

/** A golden image: a claim in the cluster that disks are cloned from. */
export interface Image {
  readonly name: string;
  readonly namespace: string;
  readonly claim: string;
  readonly minStorageMib: number;
}
