/**
 * Server-side apply: merges an applied configuration into the live object by field ownership. Conflicts name every
 * field another manager owns with another value; force takes them over. An apply that changes nothing leaves the
 * object (and its managedFields times) as it is.
 */
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { cloneJson, equalJson, isFields, timestamp } from '../protocol/kube-object.ts';
import { StatusError } from '../protocol/status-error.ts';
import { compareObjects, ownableFields } from './compare.ts';
import { difference, FieldSet, intersection, memberPaths, union } from './field-set.ts';
import { inheritedFields, refreshLastApplied } from './last-applied.ts';
import type { Manager, Ownership } from './managed-fields.ts';
import { decodeManagedFields, encodeManagedFields, sameManager } from './managed-fields.ts';
import { mergeValues, removeFields } from './merge-objects.ts';
import type { MergeRules } from './merge-rules.ts';

export interface ApplyRequest {
  /** The live object, undefined when the apply creates it. */
  live: KubeObject | undefined;
  /** The applied configuration, without status when the endpoint ignores it. */
  applied: KubeObject;
  manager: Manager;
  force: boolean;
  rules: MergeRules;
}

/** The object after the apply, with managedFields. Throws 409 with one cause per conflicting field. */
export function applyConfiguration({ live, applied, manager, force, rules }: ApplyRequest): KubeObject {
  const configuration = withoutNulls(applied) as KubeObject;
  const set = ownableFields(configuration as Fields, rules);
  const owners = decodeManagedFields(live?.metadata.managedFields);
  const base = live === undefined ? undefined : withoutManagedFields(live);
  const merged = mergeValues(base, withoutManagedFields(configuration), rules) as KubeObject;
  const changes = compareObjects((base ?? {}) as Fields, merged as Fields, rules);
  const changed = union(changes.added, changes.modified);
  const others = owners.filter((owner) => !sameManager(owner, manager));
  const contested =
    live === undefined || force ? changed : difference(changed, inheritedFields(live, manager.name, rules));
  const conflicts = findConflicts(others, contested);
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  const left = others.map((owner) => ({ ...owner, set: difference(owner.set, changed) }));
  const previous = owners.find((owner) => sameManager(owner, manager));
  const kept = dropAbandoned(merged, previous, set, left, rules);
  const result = refreshLastApplied(live, kept, configuration, manager.name);
  return finish(live, result, { left, previous, set, manager });
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, below]) => below !== null)
      .map(([name, below]) => [name, withoutNulls(below)]),
  );
}

/** Fields the manager applied before, applies no longer, and nobody else owns. */
function dropAbandoned(
  merged: KubeObject,
  previous: Ownership | undefined,
  set: FieldSet,
  others: Ownership[],
  rules: MergeRules,
): KubeObject {
  if (previous === undefined) return merged;
  const kept = others.reduce((sum, owner) => union(sum, owner.set), set);
  const given = difference(previous.set, kept);
  return given.empty ? merged : (removeFields(merged, given, kept, rules) as KubeObject);
}

interface Outcome {
  left: Ownership[];
  previous: Ownership | undefined;
  set: FieldSet;
  manager: Manager;
}

function finish(
  live: KubeObject | undefined,
  result: KubeObject,
  { left, previous, set, manager }: Outcome,
): KubeObject {
  const unchangedSet = previous !== undefined && equalJson(previous.set.toFieldsV1(), set.toFieldsV1());
  const unchanged = live !== undefined && equalJson(withoutManagedFields(live), result);
  if (live !== undefined && unchanged && unchangedSet && previous.apiVersion === manager.apiVersion) return live;
  const time = unchanged && unchangedSet ? previous.time : timestamp();
  const next = cloneJson(result);
  next.metadata.managedFields = encodeManagedFields([...left, { ...manager, time, set }]);
  return next;
}

interface Conflict {
  owner: Ownership;
  path: string;
}

function findConflicts(others: Ownership[], changed: FieldSet): Conflict[] {
  return others.flatMap((owner) => memberPaths(intersection(owner.set, changed)).map((path) => ({ owner, path })));
}

function managerText({ name, operation, apiVersion, subresource, time }: Ownership): string {
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  if (operation === 'Apply') return `${JSON.stringify(name)}${part}`;
  const at = time === '' ? '' : ` at ${time}`;
  return `${JSON.stringify(name)}${part} using ${apiVersion}${at}`;
}

function conflictError(conflicts: Conflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(owner)}`,
    field: path,
  }));
  return new StatusError(409, 'Conflict', conflictMessage(conflicts), { causes });
}

function conflictMessage(conflicts: Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.owner)}: ${first.path}`;
  }
  const names = [...new Set(conflicts.map(({ owner }) => managerText(owner)))].sort();
  const parts = names.map((name) => {
    const paths = conflicts.filter(({ owner }) => managerText(owner) === name).map(({ path }) => `\n- ${path}`);
    return `conflicts with ${name}:${paths.join('')}`;
  });
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`;
}
