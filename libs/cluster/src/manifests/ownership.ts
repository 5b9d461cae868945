/**
 * Labels and annotations that tie an object to its row. An operator finds the row from any object with them, informers
 * select by them, and an object that lacks our uid is never written to or deleted.
 */
import type { AnyResource, Kind } from '@compute/domain';
import { KINDS } from '@compute/domain';
import type { KubeObject } from '@compute/kube-client';

export const FIELD_MANAGER = 'compute-control-plane';

export const UID_LABEL = 'compute.cozystack.io/uid';
export const KIND_LABEL = 'compute.cozystack.io/kind';
export const PROJECT_LABEL = 'compute.cozystack.io/project';
export const NAME_LABEL = 'compute.cozystack.io/name';
export const HASH_ANNOTATION = 'compute.cozystack.io/manifest-hash';
export const GENERATION_ANNOTATION = 'compute.cozystack.io/generation';
/** On a machine's template, from where KubeVirt copies it to each incarnation: what of the spec it was started with. */
export const STARTED_WITH_ANNOTATION = 'compute.cozystack.io/started-with';

const APP_NAMES: Readonly<Record<Kind, string>> = { VMInstance: 'vm-instance', VMDisk: 'vm-disk' };

/** The row that an object belongs to. */
export interface RowRef {
  readonly kind: Kind;
  readonly uid: string;
}

/** Every label that ties an object to its row. */
export const OWNERSHIP_LABELS = [UID_LABEL, KIND_LABEL, PROJECT_LABEL, NAME_LABEL] as const;

/** The labels that select the pods of a machine. Part of Services, so they must never change for a living row. */
export function selectorLabels(row: AnyResource): Record<string, string> {
  const app = APP_NAMES[row.kind];
  return { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': `${app}-${row.name}` };
}

/** All labels of an object of a row. Also put on the machine's template, from where KubeVirt copies them to the VMI and its pod. */
export function ownershipLabels(row: AnyResource): Record<string, string> {
  return {
    ...selectorLabels(row),
    'app.kubernetes.io/managed-by': FIELD_MANAGER,
    [UID_LABEL]: row.uid,
    [KIND_LABEL]: row.kind,
    [PROJECT_LABEL]: row.project,
    [NAME_LABEL]: row.name,
  };
}

/** The row an object is labelled with, or undefined for foreign objects. */
export function rowOf(object: KubeObject): RowRef | undefined {
  const uid = object.metadata.labels?.[UID_LABEL];
  const kind = KINDS.find((known) => known === object.metadata.labels?.[KIND_LABEL]);
  return uid === undefined || kind === undefined ? undefined : { kind, uid };
}
