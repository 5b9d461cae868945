/**
 * What else a disk's planner must see besides its own objects: the answer of its http source, the disk that it copies,
 * and, when the cluster takes unusually long to begin, what the cluster complains of.
 */
import { type Cluster, diskState } from '@compute/cluster';
import {
  type ClaimWarning,
  type DiskObserved,
  type ImportPolicy,
  parseQuantityMib,
  type VmDisk,
} from '@compute/domain';
import type { Store } from '@compute/store';
import type { SourceProbes } from '../source-probe/source-probes.ts';

/** From then on a disk that does not begin to be filled is worth a question to the cluster; sooner where patience is short. */
const UNUSUAL_WAIT_MS = 15_000;

/** Read with the row. */
export interface DiskSurroundings {
  /** The disk that this one copies; `row` is absent when there is none of that name. */
  readonly origin?: { readonly name: string; readonly row?: VmDisk };
  readonly warnings?: readonly ClaimWarning[];
  /** Its volume is in the cluster, without the label by which it would be seen. */
  readonly unlabelled?: boolean;
}

export interface SurroundingPorts {
  readonly store: Pick<Store, 'get'>;
  readonly cluster: Pick<Cluster, 'machinesWithDisk' | 'claimWarnings' | 'observeDisk' | 'hasUnlabelledVolume'>;
  readonly importPolicy: ImportPolicy;
  /** Absent where sources are not asked. */
  readonly probes?: Pick<SourceProbes, 'findingOf'>;
}

export async function surroundingsOf(
  { store, cluster, importPolicy }: SurroundingPorts,
  disk: VmDisk,
  namespace: string,
): Promise<DiskSurroundings> {
  if (!isBeforeItsData(disk)) return lostOf(cluster, disk, namespace);
  const name = disk.spec.source.disk?.name;
  const [row, warnings] = await Promise.all([
    name === undefined ? undefined : store.get('VMDisk', disk.project, name),
    // A cluster that does not answer now is no reason to know less than the picture shows.
    waitsUnusuallyLong(disk, importPolicy)
      ? cluster.claimWarnings({ disk, namespace }).catch(() => undefined)
      : undefined,
  ]);
  return {
    ...(name === undefined ? {} : { origin: { name, ...(row ? { row } : {}) } }),
    ...(warnings ? { warnings } : {}),
  };
}

/**
 * Before a disk that held data is called lost, or one in deletion gone, the cluster is asked by name. A cluster that does
 * not answer decides nothing.
 */
async function lostOf(
  cluster: SurroundingPorts['cluster'],
  disk: VmDisk,
  namespace: string,
): Promise<DiskSurroundings> {
  const isSeen = cluster.observeDisk({ disk, namespace }).dataVolume !== undefined;
  if (isSeen) return {};
  return (await cluster.hasUnlabelledVolume({ disk, namespace })) ? { unlabelled: true } : {};
}

/** What of it goes into the observation. */
export function sightingsOf(
  { cluster, probes }: SurroundingPorts,
  disk: VmDisk,
  namespace: string,
  { origin, warnings, unlabelled }: DiskSurroundings,
): Pick<DiskObserved, 'source' | 'origin' | 'warnings' | 'unlabelled'> {
  const source = probes?.findingOf(disk);
  return {
    ...(source ? { source } : {}),
    ...(origin ? { origin: originOf(origin, cluster.machinesWithDisk(namespace, origin.name)) } : {}),
    ...(warnings ? { warnings } : {}),
    ...(unlabelled ? { unlabelled } : {}),
  };
}

function originOf(
  { name, row }: NonNullable<DiskSurroundings['origin']>,
  usedByMachines: readonly string[],
): NonNullable<DiskObserved['origin']> {
  if (!row) return { name, state: 'missing', usedByMachines };
  const storageMib = parseQuantityMib(row.spec.storage);
  return { name, state: diskState(row), usedByMachines, ...(storageMib === undefined ? {} : { storageMib }) };
}

const isBeforeItsData = ({ status, deletionRequestedAt }: VmDisk): boolean =>
  deletionRequestedAt === undefined && status.import?.phase !== 'Done';

function waitsUnusuallyLong({ status, phaseSince }: VmDisk, { unstartedMs }: ImportPolicy): boolean {
  const isWaiting = status.import?.phase === 'Pending' || status.import?.phase === 'Scheduled';
  return isWaiting && Date.now() - phaseSince.getTime() > Math.min(UNUSUAL_WAIT_MS, unstartedMs / 2);
}
