/**
 * What a write may change: system metadata stays as stored, the main endpoint cannot write status and the status
 * endpoint can write nothing else, and a version that was changed meanwhile is refused with 409. Runs inside the
 * backend's read-modify-write, so it always compares with the version that is replaced.
 */
import type { KindDefinition } from '../protocol/kind.ts';
import type { KubeObject, ObjectMeta, ObjectVersion } from '../protocol/kube-object.ts';
import { conflict, invalid, invalidField, modified } from '../protocol/status-error.ts';

const systemMetadata = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const;

/** Refuses a write that was made against another version or another object. */
export function checkVersion(kind: KindDefinition, current: ObjectVersion, next: KubeObject): void {
  const { name, uid, resourceVersion } = next.metadata;
  if (uid !== undefined && uid !== current.object.metadata.uid) {
    const stored = current.object.metadata.uid;
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored}`);
  }
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') {
    if (kind.unconditionalUpdate === true) return;
    throw invalid(kind.group, kind.kind, name, [
      invalidField('metadata.resourceVersion', resourceVersion ?? '0x0', 'must be specified for an update'),
    ]);
  }
  if (!current.isEditableFrom(resourceVersion)) throw modified(kind, name);
}

/** The object to store when `next` was sent to the main endpoint or a subresource. Neither argument is changed. */
export function separate(kind: KindDefinition, current: KubeObject, next: KubeObject, subresource: string): KubeObject {
  if (subresource === 'status') return withStatusOf(current, next);
  const metadata: ObjectMeta = { ...next.metadata };
  keepSystemMetadata(metadata, current.metadata);
  const object: KubeObject = { ...next, metadata };
  if (!kind.statusSubresource) return object;
  if (current.status === undefined) delete object.status;
  else object.status = current.status;
  return object;
}

function withStatusOf(current: KubeObject, next: KubeObject): KubeObject {
  const object: KubeObject = { ...current, metadata: { ...current.metadata } };
  if (next.status === undefined) delete object.status;
  else object.status = next.status;
  const { managedFields } = next.metadata;
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  return object;
}

function keepSystemMetadata(metadata: ObjectMeta, current: ObjectMeta): void {
  const target = metadata as unknown as Record<string, unknown>;
  for (const name of systemMetadata) {
    if (current[name] === undefined) delete target[name];
    else target[name] = current[name];
  }
}
