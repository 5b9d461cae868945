/**
 * Who owns which field: reading and writing metadata.managedFields, and passing ownership on when an object is written
 * by anything but server-side apply.
 */
import type { Fields, KubeObject, ManagedFieldsEntry } from '../protocol/kube-object.ts';
import { isFields, timestamp } from '../protocol/kube-object.ts';
import { compareObjects } from './compare.ts';
import { difference, FieldSet, union } from './field-set.ts';
import type { MergeRules } from './merge-rules.ts';

/** One writer of an object: a manager is known by name, operation, version and subresource. */
export interface Manager {
  name: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource: string;
}

export interface Ownership extends Manager {
  time: string;
  set: FieldSet;
}

/** kube-apiserver joins the oldest updaters into one entry beyond this number. */
const maxUpdaters = 10;
const ancient = 'ancient-changes';

/** Appliers are the same manager in every version, updaters are not. */
export function sameManager(a: Manager, b: Manager): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Ownership[] {
  return (entries ?? []).flatMap((entry) => {
    if (!isFields(entry.fieldsV1)) return [];
    const { manager: name, operation, apiVersion, time = '', subresource = '' } = entry;
    return [{ name, operation, apiVersion, subresource, time, set: FieldSet.fromFieldsV1(entry.fieldsV1) }];
  });
}

/** The wire form; managers that own nothing are left out, appliers come first, then by time. */
export function encodeManagedFields(owners: readonly Ownership[]): ManagedFieldsEntry[] {
  const owning = joinAncient(owners.filter(({ set }) => !set.empty));
  owning.sort(
    (a, b) => compareText(a.operation, b.operation) || compareText(a.time, b.time) || compareText(a.name, b.name),
  );
  return owning.map(({ name, operation, apiVersion, subresource, time, set }) => ({
    manager: name,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: set.toFieldsV1(),
    ...(subresource === '' ? {} : { subresource }),
  }));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function joinAncient(owners: Ownership[]): Ownership[] {
  const updaters = owners.filter(({ operation }) => operation === 'Update').sort((a, b) => compareText(a.time, b.time));
  const excess = updaters.slice(0, Math.max(0, updaters.length - maxUpdaters + 1));
  if (excess.length < 2) return owners;
  const joined = excess.reduce((sum, owner) => ({ ...owner, name: ancient, set: union(sum.set, owner.set) }));
  return [...owners.filter((owner) => !excess.includes(owner)), joined];
}

/**
 * Sets managedFields of `after` as a write by `manager` leaves them: what it changed it owns from now on, what is gone
 * nobody owns. `after` is changed in place. Entries the client sent itself replace the stored ones, and a list of one
 * empty entry forgets all ownership, as kube-apiserver has it.
 */
export function recordUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  manager: Manager,
  rules: MergeRules,
): void {
  const sent = after.metadata.managedFields;
  if (isReset(sent)) {
    delete after.metadata.managedFields;
    return;
  }
  const owners = decodeManagedFields(sent === undefined || sent.length === 0 ? before?.metadata.managedFields : sent);
  const changes = compareObjects((before ?? {}) as Fields, after as Fields, rules);
  const changed = union(changes.added, changes.modified);
  const next = owners.map((owner) => passOn(owner, changed, changes.removed, manager));
  if (!changed.empty) {
    const own = next.find((owner) => sameManager(owner, manager));
    if (own === undefined) next.push({ ...manager, time: timestamp(), set: changed });
    else Object.assign(own, { set: union(own.set, changed), time: timestamp() });
  }
  after.metadata.managedFields = encodeManagedFields(next);
  if (after.metadata.managedFields.length === 0) delete after.metadata.managedFields;
}

function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  return entries?.length === 1 && Object.keys(entries[0] ?? {}).length === 0;
}

function passOn(owner: Ownership, changed: FieldSet, removed: FieldSet, manager: Manager): Ownership {
  const left = difference(owner.set, removed);
  return { ...owner, set: sameManager(owner, manager) ? left : difference(left, changed) };
}
