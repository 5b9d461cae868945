/**
 * Asks the cluster what it complains of about a disk's claim. Some obstacles stand nowhere else: that CDI could not make
 * its working claim for want of quota is told by an event alone. Asked rarely, so nothing follows events.
 */
import type { ClaimWarning } from '@compute/domain';
import type { KubeClient } from '@compute/kube-client';
import { type ClusterEvent, events } from '../kinds.ts';
import { diskObjectName } from '../manifests/object-names.ts';
import type { DiskTarget } from '../targets.ts';

/** Newest first. Throws KubeError when the cluster cannot be asked. */
export async function claimWarningsOf(client: KubeClient, { disk, namespace }: DiskTarget): Promise<ClaimWarning[]> {
  const name = diskObjectName(disk.name);
  const fieldSelector = `involvedObject.kind=PersistentVolumeClaim,involvedObject.name=${name},type=Warning`;
  const { items } = await client.list(events, { namespace, fieldSelector });
  return items
    .toSorted((one, other) => timeOf(other) - timeOf(one))
    .map(({ reason = '', message = '' }) => ({ reason, message }));
}

const timeOf = ({ lastTimestamp, metadata }: ClusterEvent): number =>
  Date.parse(lastTimestamp ?? metadata.creationTimestamp ?? '') || 0;
