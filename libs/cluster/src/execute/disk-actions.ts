/** Performs what a disk's plan decided, one action at a time. Decides nothing itself. */
import { type Catalogue, type DiskAction, parseQuantityMib } from '@compute/domain';
import type { KubeClient } from '@compute/kube-client';
import { claims, type DataVolume, dataVolumes, namespaces } from '../kinds.ts';
import { renderDataVolume } from '../manifests/data-volume.ts';
import { renderNamespace } from '../manifests/namespace.ts';
import { diskObjectName } from '../manifests/object-names.ts';
import { FIELD_MANAGER, ownershipLabels } from '../manifests/ownership.ts';
import type { DiskTarget } from '../targets.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { type ActionOutcome, outcomeOf } from './action-outcome.ts';
import { type ApplyPorts, applyOwned, isOfRow } from './apply-owned.ts';

export interface DiskExecutor extends ApplyPorts {
  readonly view: ClusterView;
  readonly catalogue: Catalogue;
}

export function performDiskAction(
  executor: DiskExecutor,
  action: DiskAction,
  target: DiskTarget,
): Promise<ActionOutcome> {
  switch (action.do) {
    case 'ensureNamespace':
      return ensureNamespace(executor.client, target.namespace, target.disk.project);
    case 'applyDataVolume':
      return applyDataVolume(executor, target);
    case 'growClaim':
      return growClaim(executor, target, action.storage);
    case 'deleteDataVolume':
      return deleteDataVolume(executor, target, action.uid);
  }
}

/** Makes the project's namespace, or adds our labels to the one that is there. */
export function ensureNamespace(client: KubeClient, namespace: string, project: string): Promise<ActionOutcome> {
  return outcomeOf(async () => {
    await client.apply(namespaces, renderNamespace(namespace, project), { fieldManager: FIELD_MANAGER, force: true });
    return undefined;
  });
}

function applyDataVolume(executor: DiskExecutor, { disk, namespace }: DiskTarget): Promise<ActionOutcome> {
  const { client, catalogue } = executor;
  const manifest = renderDataVolume({ disk, namespace, catalogue });
  return outcomeOf(async () => {
    const live = await client.get(dataVolumes, manifest.metadata);
    const seen = live !== undefined && isOfRow(live, manifest);
    const refusal = await applyOwned(executor, dataVolumes, seen ? withSpecOf(manifest, live) : manifest, seen);
    if (seen && refusal === undefined) await labelClaim(client, live, ownershipLabels(disk));
    return refusal;
  });
}

/**
 * CDI copies a DataVolume's labels to the claim once, when it makes it; without them the claim is not ours to see.
 * Listed by its name, because the worker's role lists claims and does not get them.
 */
async function labelClaim(client: KubeClient, { metadata }: DataVolume, labels: Record<string, string>): Promise<void> {
  const { namespace = '', name } = metadata;
  const { items } = await client.list(claims, { namespace, fieldSelector: `metadata.name=${name}` });
  const [claim] = items;
  const isOfVolume = claim?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true;
  if (!isOfVolume) return;
  const lacks = Object.entries(labels).some(([name, value]) => claim.metadata.labels?.[name] !== value);
  if (lacks) await client.mergePatch(claims, metadata, { metadata: { labels } }, { fieldManager: FIELD_MANAGER });
}

// CDI refuses any change of a spec, also of the size: what exists keeps its own, labels and annotations are refreshed.
function withSpecOf(manifest: DataVolume, live: DataVolume): DataVolume {
  return { ...manifest, spec: live.spec };
}

function growClaim({ client, view }: DiskExecutor, target: DiskTarget, storage: string): Promise<ActionOutcome> {
  const wantedMib = parseQuantityMib(storage) ?? 0;
  const requestedMib = view.observeDisk(target).claim?.requestedMib ?? 0;
  return outcomeOf(async () => {
    if (requestedMib >= wantedMib) return undefined;
    const ref = { namespace: target.namespace, name: diskObjectName(target.disk.name) };
    const patch = { spec: { resources: { requests: { storage } } } };
    await client.mergePatch(claims, ref, patch, { fieldManager: FIELD_MANAGER });
    return undefined;
  });
}

function deleteDataVolume({ client }: DiskExecutor, target: DiskTarget, uid: string): Promise<ActionOutcome> {
  const ref = { namespace: target.namespace, name: diskObjectName(target.disk.name) };
  return outcomeOf(async () => {
    await client.delete(dataVolumes, ref, { uid, propagationPolicy: 'Background' });
    return undefined;
  });
}
