/** Compares every row with the cluster that its project is placed on. Changes nothing. */
import { type Candidate, candidatesIn } from '@compute/cluster';
import { type AnyResource, KINDS, type Parting, type ProjectRecord, partingOf } from '@compute/domain';
import type { Store } from '@compute/store';
import type { AdoptionPorts } from '../adopt/adoption-call.ts';
import { everyProject } from '../store-call.ts';

const PAGE = 500;

export interface PartedRow {
  readonly row: AnyResource;
  readonly project: ProjectRecord;
}

export interface Comparison {
  readonly parted: Readonly<Record<Parting, readonly PartedRow[]>>;
  /** Objects with our labels whose row is not there: made since the backup. */
  readonly orphans: readonly Candidate[];
}

/** `clusterId`: the cluster that the kubeconfig is of. Throws KubeError. */
export async function compareWithCluster({ store, client }: AdoptionPorts, clusterId: string): Promise<Comparison> {
  const candidates = (await candidatesIn(client)).filter(({ uid, claimAlone }) => uid !== undefined && !claimAlone);
  const byUid = new Map(candidates.map((candidate) => [candidate.uid, candidate]));
  const parted: Record<Parting, PartedRow[]> = { missing: [], edited: [], filled: [], deleting: [] };
  for await (const project of everyProject(store)) {
    if (project.clusterId !== clusterId) continue;
    for await (const row of rowsOf(store, project.name)) {
      const found = byUid.get(row.uid);
      const parting = partingOf(row, found && { ...found, uid: row.uid });
      if (parting) parted[parting].push({ row, project });
    }
  }
  const without = new Set(await store.uidsWithoutRow([...byUid.keys()].filter((uid) => uid !== undefined)));
  return { parted, orphans: candidates.filter(({ uid = '' }) => without.has(uid)) };
}

async function* rowsOf(store: Store, project: string): AsyncGenerator<AnyResource> {
  for (const kind of KINDS) {
    let after: string | undefined;
    do {
      const page = await store.list({ kind, project, limit: PAGE, ...(after === undefined ? {} : { after }) });
      yield* page.items;
      after = page.next;
    } while (after !== undefined);
  }
}
