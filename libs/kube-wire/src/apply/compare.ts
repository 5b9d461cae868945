/**
 * Field sets of values, and the difference of two versions of an object as field sets. Lists are compared item by item
 * where the kind says how items are identified, and as one value otherwise.
 */
import { equalJson, type Fields, isFields } from '../protocol/kube-object.ts';
import { FieldSet } from './field-set.ts';
import { childPath, itemKeys, type MergeRules } from './merge-rules.ts';

export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Adds every field of a value to a set. Containers are members only when they are empty or items of a keyed list. */
export function collectFields(value: unknown, into: FieldSet, rules: MergeRules, path = ''): void {
  if (isFields(value)) {
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    if (names.length === 0) into.owned = true;
    for (const name of names) collectFields(value[name], into.child(`f:${name}`), rules, childPath(path, name));
    return;
  }
  const keys = Array.isArray(value) ? itemKeys(value, rules.at(path)) : undefined;
  if (keys === undefined || keys.length === 0) {
    into.owned = true;
    return;
  }
  keys.forEach((key, at) => {
    const child = into.child(key);
    if (isFields((value as unknown[])[at])) collectFields((value as unknown[])[at], child, rules, path);
    child.owned = true;
  });
}

/** The set of all fields of an object that can have owners. */
export function ownableFields(object: Fields, rules: MergeRules): FieldSet {
  const set = new FieldSet();
  collectFields(object, set, rules);
  return withoutIdentity(set);
}

const unownedMetadata = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
];

/** Type, identity and system fields have no owners. */
export function withoutIdentity(set: FieldSet): FieldSet {
  set.children.delete('f:apiVersion');
  set.children.delete('f:kind');
  const metadata = set.children.get('f:metadata');
  if (metadata === undefined) return set;
  metadata.owned = false;
  for (const name of unownedMetadata) metadata.children.delete(`f:${name}`);
  if (metadata.empty) set.children.delete('f:metadata');
  return set;
}

/** What changed from one version to the next, without identity and system fields. */
export function compareObjects(before: Fields, after: Fields, rules: MergeRules): Comparison {
  const result = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareValues(before, after, result, rules, '');
  withoutIdentity(result.added);
  withoutIdentity(result.modified);
  withoutIdentity(result.removed);
  return result;
}

function compareValues(before: unknown, after: unknown, into: Comparison, rules: MergeRules, path: string): void {
  if (before === after) return;
  if (isFields(before) && isFields(after)) {
    compareFields(before, after, into, rules, path);
    return;
  }
  const beforeKeys = Array.isArray(before) ? itemKeys(before, rules.at(path)) : undefined;
  const afterKeys = Array.isArray(after) ? itemKeys(after, rules.at(path)) : undefined;
  if (beforeKeys !== undefined && afterKeys !== undefined) {
    compareFields(byKey(beforeKeys, before), byKey(afterKeys, after), into, rules, path, true);
    return;
  }
  if (!equalJson(before, after)) into.modified.owned = true;
}

function byKey(keys: string[], items: unknown): Fields {
  return Object.fromEntries(keys.map((key, at) => [key, (items as unknown[])[at]]));
}

function compareFields(
  before: Fields,
  after: Fields,
  into: Comparison,
  rules: MergeRules,
  path: string,
  items = false,
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[name] === after[name]) continue;
    const step = items ? name : `f:${name}`;
    const below = items ? path : childPath(path, name);
    if (before[name] === undefined) addSubtree(after[name], into.added.child(step), rules, below, items);
    else if (after[name] === undefined) addSubtree(before[name], into.removed.child(step), rules, below, items);
    else {
      const child = {
        added: into.added.child(step),
        modified: into.modified.child(step),
        removed: into.removed.child(step),
      };
      compareValues(before[name], after[name], child, rules, below);
    }
  }
}

function addSubtree(value: unknown, into: FieldSet, rules: MergeRules, path: string, item: boolean): void {
  if (!item || isFields(value)) collectFields(value, into, rules, path);
  if (item) into.owned = true;
}
