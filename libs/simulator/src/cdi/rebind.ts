// Moves a filled volume from the claim it was filled through to the claim that was asked for: the volume is told to belong to the
// other claim, and the binder of the cluster does the rest (the target becomes Bound, the first claim Lost).
import type { KubeClient } from '@compute/kube-client';
import { type PersistentVolumeClaim, persistentVolumes } from '../kinds.ts';

/** Points the volume of `filled` to `target`; nothing happens when it does already. */
export async function rebind(
  client: KubeClient,
  filled: PersistentVolumeClaim,
  target: PersistentVolumeClaim,
): Promise<void> {
  const name = filled.spec.volumeName;
  if (name === undefined) return;
  const volume = await client.get(persistentVolumes, { name });
  if (volume === undefined || volume.spec.claimRef?.uid === target.metadata.uid) return;
  const { namespace, name: claimName, uid, resourceVersion } = target.metadata;
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace,
    name: claimName,
    uid,
    resourceVersion,
  };
  await client.mergePatch(
    persistentVolumes,
    { name },
    {
      metadata: { resourceVersion: volume.metadata.resourceVersion },
      spec: { claimRef },
    },
  );
}
