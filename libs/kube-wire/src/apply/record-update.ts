/** The record of owners for who stores objects of a kind itself and edits them past this server. */
import type { KindDefinition } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { type Manager, recordUpdate } from './managed-fields.ts';
import { mergeRulesOf } from './merge-rules.ts';

/** Sets managedFields of `after` as a write by `manager` leaves them. `after` is changed in place. */
export function recordKindUpdate(before: KubeObject, after: KubeObject, manager: Manager, kind: KindDefinition): void {
  recordUpdate(before, after, manager, mergeRulesOf(kind));
}
