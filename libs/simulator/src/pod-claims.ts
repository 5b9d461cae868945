// Which pods use which claims.
import { type KubeObject, objectKey } from '@compute/kube-client';
import type { Pod } from './kinds.ts';

/** Names of the claims a pod mounts. */
export function claimNamesOf(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
}

/** The same as keys, for an index. */
export function claimKeysOf(pod: Pod): string[] {
  return claimNamesOf(pod).map((name) => `${pod.metadata.namespace}/${name}`);
}

/** Whether a pod has ended. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** `namespace/name`, as informers key their objects. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata);
}
