/**
 * Asks the cluster itself, not the picture of it, what is left of a row. Before a row goes for good the picture is not
 * enough: it may lag behind a write that another worker has just made, and what is forgotten then runs for ever unpaid.
 */
import type { Kind } from '@compute/domain';
import type { KubeClient, ResourceKind } from '@compute/kube-client';
import { claims, dataVolumes, secrets, services, virtualMachineInstances, virtualMachines } from '../kinds.ts';
import { type RowRef, UID_LABEL } from '../manifests/ownership.ts';

const KINDS_OF_ROW: Readonly<Record<Kind, readonly ResourceKind[]>> = {
  VMInstance: [virtualMachines, virtualMachineInstances, services, secrets],
  VMDisk: [dataVolumes, claims],
};

/** The objects of a row that are still there, as `Kind/name`. Throws KubeError when the cluster cannot be asked. */
export async function leftoversOf(client: KubeClient, row: RowRef, namespace: string): Promise<string[]> {
  const labelSelector = `${UID_LABEL}=${row.uid}`;
  const lists = KINDS_OF_ROW[row.kind].map(async (kind) => {
    const { items } = await client.list(kind, { namespace, labelSelector });
    return items.map((item) => `${kind.kind}/${item.metadata.name}`);
  });
  return (await Promise.all(lists)).flat();
}
