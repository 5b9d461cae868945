// Who belongs to whom: keys of the objects to look at again when a dependent changed.
import type { KubeObject, OwnerReference } from '@compute/kube-client';

/** The owner that controls an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** The key of the controlling owner when it is of this kind. */
export function ownerKey(object: KubeObject, kind: string): string[] {
  const owner = controllerOf(object);
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : [];
}
