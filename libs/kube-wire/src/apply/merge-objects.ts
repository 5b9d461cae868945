/**
 * Merging an applied configuration into the live object, and taking away fields an applier gave up. Both follow the
 * list rules of the kind and never touch what they are given.
 */
import { type Fields, isFields } from '../protocol/kube-object.ts';
import type { FieldSet } from './field-set.ts';
import { childPath, itemKeys, type MergeRules } from './merge-rules.ts';

/** The live value with everything the applied value states. */
export function mergeValues(live: unknown, applied: unknown, rules: MergeRules, path = ''): unknown {
  if (isFields(live) && isFields(applied)) {
    const merged: Fields = { ...live };
    for (const [name, value] of Object.entries(applied)) {
      merged[name] = mergeValues(live[name], value, rules, childPath(path, name));
    }
    return merged;
  }
  if (Array.isArray(live) && Array.isArray(applied)) return mergeLists(live, applied, rules, path);
  return applied;
}

function mergeLists(live: unknown[], applied: unknown[], rules: MergeRules, path: string): unknown[] {
  const rule = rules.at(path);
  const liveKeys = itemKeys(live, rule);
  const appliedKeys = itemKeys(applied, rule);
  if (liveKeys === undefined || appliedKeys === undefined) return applied;
  const appliedByKey = new Map(appliedKeys.map((key, at) => [key, applied[at]]));
  const kept = live.map((item, at) => {
    const key = liveKeys[at] ?? '';
    return appliedByKey.has(key) ? mergeValues(item, appliedByKey.get(key), rules, path) : item;
  });
  return [...kept, ...applied.filter((_, at) => !liveKeys.includes(appliedKeys[at] ?? ''))];
}

/**
 * The value without the members of `given`. A subtree in which `kept` has any member stays (without the members of
 * `given` in it). Undefined when nothing is left.
 */
export function removeFields(
  value: unknown,
  given: FieldSet,
  kept: FieldSet | undefined,
  rules: MergeRules,
  path = '',
): unknown {
  if (given.owned && (kept === undefined || kept.empty)) return undefined;
  if (isFields(value)) return removeFromFields(value, given, kept, rules, path);
  if (!Array.isArray(value)) return value;
  const keys = itemKeys(value, rules.at(path));
  if (keys === undefined) return value;
  const left = value.flatMap((item, at) => {
    const step = keys[at] ?? '';
    const child = given.children.get(step);
    const rest = child === undefined ? item : removeFields(item, child, kept?.children.get(step), rules, path);
    return rest === undefined ? [] : [rest];
  });
  return left.length === 0 && value.length > 0 ? undefined : left;
}

function removeFromFields(
  value: Fields,
  given: FieldSet,
  kept: FieldSet | undefined,
  rules: MergeRules,
  path: string,
): Fields | undefined {
  const left: Fields = {};
  for (const [name, below] of Object.entries(value)) {
    const step = `f:${name}`;
    const child = given.children.get(step);
    const rest =
      child === undefined ? below : removeFields(below, child, kept?.children.get(step), rules, childPath(path, name));
    if (rest !== undefined) left[name] = rest;
  }
  return Object.keys(left).length === 0 && Object.keys(value).length > 0 ? undefined : left;
}
