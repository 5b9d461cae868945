/** A resource inside a batch: how it stands after the commands so far, and the bookkeeping that no caller sees. */
import {
  type AnyResource,
  chargeOf,
  type DiskIntent,
  type Kind,
  type ResourceMeta,
  type VmIntent,
} from '@compute/domain';
import { canonicalJson } from '../canonical-json.ts';
import { type ResourceRow, toDate, toResource } from '../resource-row.ts';
import type { ProjectKeys } from '../secrets/project-keys.ts';

type Mutable = Omit<ResourceMeta, 'uid' | 'project' | 'name' | 'createdAt'> & {
  readonly spec: object;
  readonly status: object;
  readonly phase: string;
  readonly phaseSince: Date;
  readonly claim: Readonly<Record<string, number>>;
  readonly intent: VmIntent | DiskIntent | undefined;
};

export interface Entry {
  resource: AnyResource;
  /** The spec as it lies in the database, sealed; undefined once the spec was changed. */
  storedSpec: Record<string, unknown> | undefined;
  /** The charge that history tells of, as a canonical text; undefined while it tells of none. */
  chargedAs: string | undefined;
  phaseSeq: number;
  transitionSeq: number;
  transitionAt: Date;
  deletionWithDisks: boolean;
  attempts: number;
  nextLookAt: Date | undefined;
  state: 'stored' | 'scheduled' | 'changed' | 'added' | 'removed';
}

export function entryOf(row: ResourceRow, keys: ProjectKeys): Entry {
  const resource = toResource(row, keys);
  return {
    resource,
    storedSpec: row.spec,
    chargedAs: canonicalJson(chargeOf(resource)),
    phaseSeq: row.phase_seq,
    transitionSeq: row.transition_seq,
    transitionAt: toDate(row.transition_at),
    deletionWithDisks: row.deletion_with_disks,
    attempts: row.attempts,
    nextLookAt: row.next_look_at === null ? undefined : toDate(row.next_look_at),
    state: 'stored',
  };
}

/** Changes the resource; the row will be written, with a change in the feed. */
export function change(entry: Entry, patch: Partial<Mutable>): void {
  entry.resource = { ...entry.resource, ...patch } as AnyResource;
  if ('spec' in patch) entry.storedSpec = undefined;
  if (entry.state !== 'added') entry.state = 'changed';
}

/** Changes only when the worker looks next; nothing that a caller could see. */
export function schedule(entry: Entry, nextLookAt: Date | undefined, attempts: number): void {
  entry.nextLookAt = nextLookAt;
  entry.attempts = attempts;
  if (entry.state === 'stored') entry.state = 'scheduled';
}

export function refKey(kind: Kind, project: string, name: string): string {
  return `${project}/${kind}/${name}`;
}
