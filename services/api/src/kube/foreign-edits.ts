/**
 * Edits through REST and gRPC in the record of owners that Kubernetes' tools keep: what they change belongs to the manager
 * `rest` or `grpc` from then on, so that a later server-side apply meets a conflict instead of silently taking it back.
 * A resource that no such tool has touched has no record, and none is begun.
 */
import type { AnyDesired } from '@compute/contract';
import { type AnyResource, API_VERSION } from '@compute/domain';
import { type KubeObject, type ManagedFieldsEntry, recordUpdate } from '@compute/kube-wire';
import { RESOURCE_KINDS } from './resource-kinds.ts';

type Settable = Pick<AnyResource, 'kind' | 'name' | 'labels' | 'annotations' | 'spec'>;

/** The record after the edit; undefined where none is kept. */
export function recordForeignEdit(before: AnyResource, after: AnyDesired, manager: string): object[] | undefined {
  if (!before.managedFields?.length) return undefined;
  const next = objectOf(after);
  const previous = objectOf(before);
  previous.metadata.managedFields = before.managedFields as ManagedFieldsEntry[];
  const who = { name: manager, operation: 'Update', apiVersion: API_VERSION, subresource: '' } as const;
  recordUpdate(previous, next, who, RESOURCE_KINDS[before.kind]);
  return next.metadata.managedFields ?? [];
}

function objectOf({ kind, name, labels, annotations, spec }: Settable): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, ...given('labels', labels), ...given('annotations', annotations) },
    spec,
  };
}

const given = (key: string, map: Readonly<Record<string, string>>) =>
  Object.keys(map).length === 0 ? {} : { [key]: { ...map } };
