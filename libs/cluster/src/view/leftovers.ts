/**
 * Asks the cluster itself, not the picture of it, what is left of a row. Before a row goes for good the picture is not
 * enough: it may lag behind a write that another worker has just made, and what is forgotten then runs for ever unpaid.
 */
import type { Kind } from '@compute/domain';
import type { KubeClient, KubeObject, ResourceKind } from '@compute/kube-client';
import { claims, dataVolumes, secrets, services, virtualMachineInstances, virtualMachines } from '../kinds.ts';
import { cloudInitSecretName, diskObjectName, sshKeysSecretName, vmObjectName } from '../manifests/object-names.ts';
import {
  FIELD_MANAGER,
  KIND_LABEL,
  NAME_LABEL,
  PROJECT_LABEL,
  type RowRef,
  UID_LABEL,
} from '../manifests/ownership.ts';

const KINDS_OF_ROW: Readonly<Record<Kind, readonly ResourceKind[]>> = {
  VMInstance: [virtualMachines, virtualMachineInstances, services, secrets],
  VMDisk: [dataVolumes, claims],
};

const NAMES_OF_ROW: Readonly<Record<Kind, readonly ((name: string) => string)[]>> = {
  VMInstance: [vmObjectName, sshKeysSecretName, cloudInitSecretName],
  VMDisk: [diskObjectName],
};

/** Their labels are KubeVirt's copy, and they go with what owns them. */
const COPIED: ReadonlySet<ResourceKind> = new Set<ResourceKind>([virtualMachineInstances]);

/** A row as its objects name it. */
export type NamedRow = RowRef & Readonly<{ project: string; name: string }>;

/**
 * The objects of a row that are still there, as `Kind/name`. One that says whose it is, though somebody took away the label
 * by which it is seen, gets that label back: the next look sees it, and deletes it by its uid. Throws KubeError when the
 * cluster cannot be asked.
 */
export async function leftoversOf(client: KubeClient, row: NamedRow, namespace: string): Promise<string[]> {
  const labelSelector = `${KIND_LABEL}=${row.kind},${PROJECT_LABEL}=${row.project},${NAME_LABEL}=${row.name}`;
  const lists = KINDS_OF_ROW[row.kind].map(async (kind) => {
    const { items } = await client.list(kind, { namespace, labelSelector });
    const left = items.filter((item) => uidLabel(item) === row.uid || isUnlabelled(item, row));
    for (const item of left) await labelAgain(client, kind, item, row);
    return left.map((item) => `${kind.kind}/${item.metadata.name}`);
  });
  return (await Promise.all(lists)).flat();
}

const uidLabel = ({ metadata }: KubeObject): string | undefined => metadata.labels?.[UID_LABEL];

/** A copy that somebody made under another name is not ours. */
function isUnlabelled(item: KubeObject, { kind, name }: NamedRow): boolean {
  return uidLabel(item) === undefined && NAMES_OF_ROW[kind].some((nameOf) => nameOf(name) === item.metadata.name);
}

/** The version that was read goes along: what has changed meanwhile is looked at anew. */
async function labelAgain(client: KubeClient, kind: ResourceKind, item: KubeObject, { uid }: RowRef): Promise<void> {
  const { namespace = '', name, resourceVersion } = item.metadata;
  if (uidLabel(item) !== undefined || COPIED.has(kind)) return;
  const patch = { metadata: { resourceVersion, labels: { [UID_LABEL]: uid } } };
  await client.mergePatch(kind, { namespace, name }, patch, { fieldManager: FIELD_MANAGER });
}
