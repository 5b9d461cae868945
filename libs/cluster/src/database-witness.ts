/**
 * What a cluster has seen of a database: the highest mark of it, kept where no backup of the database reaches. A database
 * that is behind its mark was restored from a backup, and a worker that acted on it would undo what has happened since.
 *
 * It is an annotation of a namespace of our own, which holds nothing else: that needs no right that a worker lacks. The
 * annotation bears the id of the database, so that several installations may share a cluster.
 */
import { type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { FIELD_MANAGER } from './manifests/ownership.ts';

/** How far a database has come. */
export interface DatabaseMark {
  /** Counts restores. */
  readonly epoch: number;
  readonly position: number;
}

const NAME = 'compute-control-plane';
const ANNOTATION_PREFIX = 'database.compute.cozystack.io/';

/** Nothing but its metadata is read here. */
const namespaces = resourceKind<KubeObject>({
  ...{ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' },
  namespaced: false,
});

/** Whether a database that stands at `present` is older than what was seen of it. */
export function isBehind(present: DatabaseMark, seen: DatabaseMark | undefined): boolean {
  if (seen === undefined || present.epoch > seen.epoch) return false;
  return present.epoch < seen.epoch || present.position < seen.position;
}

/** Undefined when nothing was seen of it yet. Throws KubeError. */
export async function seenOfDatabase(client: KubeClient, id: string): Promise<DatabaseMark | undefined> {
  const text = (await witness(client))?.metadata.annotations?.[ANNOTATION_PREFIX + id];
  const [epoch, position] = (text ?? '').split('/').map(Number);
  return Number.isInteger(epoch) && Number.isInteger(position) ? ({ epoch, position } as DatabaseMark) : undefined;
}

/** Throws KubeError. */
export async function rememberDatabase(
  client: KubeClient,
  id: string,
  { epoch, position }: DatabaseMark,
): Promise<void> {
  const metadata = { name: NAME, annotations: { [ANNOTATION_PREFIX + id]: `${epoch}/${position}` } };
  if (await witness(client)) {
    await client.mergePatch(namespaces, { name: NAME }, { metadata }, { fieldManager: FIELD_MANAGER });
    return;
  }
  const labels = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, labels } });
}

/** By a list, since that is what a worker may do. */
async function witness(client: KubeClient): Promise<KubeObject | undefined> {
  const { items } = await client.list(namespaces, { fieldSelector: `metadata.name=${NAME}` });
  return items[0];
}
