/** Objects of ours as an operator lists them: where they are and which row they say they belong to. */
import { parseObjectKey } from '@compute/kube-client';
import type { RowRef } from '../manifests/ownership.ts';
import type { Projected } from './projections.ts';

/** The kinds of objects that rows have. */
export const OWNED_KINDS = [
  'VirtualMachine',
  'VirtualMachineInstance',
  'DataVolume',
  'PersistentVolumeClaim',
  'Service',
  'Secret',
] as const;
export type OwnedKind = (typeof OWNED_KINDS)[number];

export interface OwnedObject {
  readonly kind: OwnedKind;
  readonly namespace: string;
  readonly name: string;
  readonly row: RowRef;
}

type Entries = Iterable<readonly [key: string, object: Projected<unknown>]>;

/** Those of one kind that carry the uid of a row. */
export function ownedBy(kind: OwnedKind, entries: Entries): OwnedObject[] {
  return [...entries].flatMap(([key, { row }]) => {
    const { namespace = '', name } = parseObjectKey(key);
    return row === undefined ? [] : [{ kind, namespace, name, row }];
  });
}
