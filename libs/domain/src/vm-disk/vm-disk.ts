/** The VMDisk: what a user may want of it, what is reported of it, and the words of its lifecycle. */
import type { Resource, StatusEnvelope } from '../resource.ts';
import type { DiskIntent } from './intent.ts';

export interface HttpSource {
  readonly url: string;
  /** `md5|sha1|sha256|sha512:<hex>` of the file that is downloaded. */
  readonly checksum?: string;
}

/** At most one key; none means an empty disk. */
export interface DiskSource {
  readonly http?: HttpSource;
  readonly image?: { readonly name: string };
  readonly disk?: { readonly name: string };
}

/** As the user wrote it, with defaults added and nothing rewritten. */
export interface VmDiskSpec {
  readonly source: DiskSource;
  readonly optical: boolean;
  /** A Kubernetes quantity, as written. */
  readonly storage: string;
  readonly storageClass: string;
}

export const DISK_PHASES = ['Pending', 'Importing', 'Ready', 'Resizing', 'Failed', 'Deleting'] as const;
export type DiskPhase = (typeof DISK_PHASES)[number];

export const DISK_CONDITIONS = ['Ready', 'Imported', 'Bound', 'Resized'] as const;
export type DiskConditionType = (typeof DISK_CONDITIONS)[number];

export const IMPORT_PHASES = ['Pending', 'Scheduled', 'Downloading', 'Cloning', 'Retrying', 'Done', 'Failed'] as const;
export type ImportPhase = (typeof IMPORT_PHASES)[number];

/** What is known of an import. A figure that is not known is absent. */
export interface ImportProgress {
  readonly phase: ImportPhase;
  /** 0 to 100, never backwards within one attempt of the user, never 100 before the disk is ready. */
  readonly percent?: number;
  readonly transferredBytes?: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly estimatedCompletionTime?: string;
  readonly attempts: number;
  readonly lastError?: string;
  readonly stalledSince?: string;
  /** When anything last moved; the base of stall detection and of the rate. */
  readonly lastProgressAt?: string;
  /** When the import began, all attempts included. */
  readonly startedAt?: string;
  /** What the cluster says of the present attempt, which begins at 0 again after each restart. */
  readonly attemptPercent?: number;
  /** Smoothed over the last looks. */
  readonly percentPerSecond?: number;
}

/** What of the progress is kept for the next look alone and concerns no reader. */
export const INTERNAL_PROGRESS = ['lastProgressAt', 'startedAt', 'attemptPercent', 'percentPerSecond'] as const;

export interface VmDiskStatus extends StatusEnvelope<DiskConditionType> {
  readonly import?: ImportProgress;
  /** What the cluster really gives, as a Kubernetes quantity. */
  readonly capacity?: string;
  readonly attachedTo: readonly string[];
}

export type VmDisk = Resource<'VMDisk', VmDiskSpec, VmDiskStatus, DiskPhase> & {
  /** What was asked of its import beside the spec; not shown to users. */
  readonly intent?: DiskIntent;
};

export type SourceKind = 'http' | 'image' | 'disk' | 'blank';

/** Which kind of source a disk has. */
export function sourceKind(source: DiskSource): SourceKind {
  if (source.http) return 'http';
  if (source.image) return 'image';
  if (source.disk) return 'disk';
  return 'blank';
}
