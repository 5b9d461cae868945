/**
 * Resources as Kubernetes objects, and back. Ownership of fields is shown here and nowhere else; what only the server
 * writes is taken out of what comes in, so that an object that was read can be sent back.
 */
import { type PlainObject, viewOfAny } from '@compute/contract';
import type { AnyResource } from '@compute/domain';
import { type KubeObject, type ManagedFieldsEntry, type ObjectMeta, ObjectVersion } from '@compute/kube-wire';

/** Keeps a resource visible to clients until the cluster is empty of it. Only shown: nobody can remove it by hand. */
export const CLEANUP = 'compute.cozystack.io/cleanup';

/** The feed gives the same resource to all watchers: its object, and the text of it, are made once. */
const versions = new WeakMap<AnyResource, ObjectVersion>();

/** A resource as this face shows it. */
export function versionOf(resource: AnyResource): ObjectVersion {
  let version = versions.get(resource);
  if (!version) {
    version = new ObjectVersion(kubeObject(resource), undefined, resource.specResourceVersion);
    versions.set(resource, version);
  }
  return version;
}

function kubeObject(resource: AnyResource): KubeObject {
  const { apiVersion, kind, spec, status } = viewOfAny(resource);
  return { apiVersion, kind, metadata: metadataOf(resource), spec, status };
}

function metadataOf(resource: AnyResource): ObjectMeta {
  const { name, project, uid, generation, resourceVersion, labels, annotations, managedFields } = resource;
  return {
    name,
    namespace: project,
    uid,
    // A rehearsed creation has no place in the feed.
    ...(resourceVersion === '0' ? {} : { resourceVersion }),
    generation,
    creationTimestamp: kubeTime(resource.createdAt),
    ...deletionOf(resource),
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
    // What stands there was made by this face.
    ...(managedFields?.length ? { managedFields: managedFields as ManagedFieldsEntry[] } : {}),
  };
}

function deletionOf({ deletionRequestedAt }: AnyResource): Partial<ObjectMeta> {
  if (!deletionRequestedAt) return {};
  return { deletionTimestamp: kubeTime(deletionRequestedAt), deletionGracePeriodSeconds: 0, finalizers: [CLEANUP] };
}

/** Kubernetes writes whole seconds. */
export function kubeTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** The manifest in an object that a client sent. What is not a field of ours stays in, to be refused by name. */
export function manifestOf(object: KubeObject): PlainObject {
  const { deletionGracePeriodSeconds: _grace, finalizers, ...metadata } = object.metadata;
  const foreign = finalizers?.filter((finalizer) => finalizer !== CLEANUP) ?? [];
  return { ...object, metadata: { ...metadata, ...(foreign.length === 0 ? {} : { finalizers: foreign }) } };
}
