// The Kubernetes client of the workspace: the only package that imports @kubernetes/client-node.
export { Backoff, type BackoffOptions, backoffMs } from './backoff.ts';
export { Informer, type InformerChange, type InformerOptions } from './informer.ts';
export {
  type CallOptions,
  type DeleteOptions,
  type JsonPatchOperation,
  KubeClient,
  type KubeClientOptions,
  type ListOptions,
  type ObjectList,
  type SubresourceTarget,
  type WriteOptions,
} from './kube-client.ts';
export {
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
  KubeError,
  type KubeErrorParts,
  type StatusDetails,
} from './kube-error.ts';
export {
  controllerRef,
  type KubeObject,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  objectKey,
  parseObjectKey,
} from './kube-object.ts';
export { apiVersionOf, collectionPath, objectPath, type ResourceKind, resourceKind } from './resource-kind.ts';
export type { ApplyOptions } from './server-side-apply.ts';
export type { CallReport, HttpVerb } from './transport.ts';
export type { WatchEvent, WatchOptions } from './watch.ts';
export { WorkQueue, type WorkQueueOptions } from './work-queue.ts';
