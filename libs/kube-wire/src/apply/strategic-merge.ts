/**
 * Strategic merge patches for built-in kinds: keyed lists are merged item by item, sets of scalars are joined, and the
 * directives `$patch`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x` and `$retainKeys` are honoured.
 */
import type { ListRule } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import { cloneJson, equalJson, isFields, listOf } from '../protocol/kube-object.ts';
import { badRequest } from '../protocol/status-error.ts';
import { childPath, type MergeRules } from './merge-rules.ts';

const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/** Applies the patch; `target` is not changed. */
export function strategicMerge(target: Fields, patch: Fields, rules: MergeRules, path = ''): Fields {
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  if (patch.$patch === 'delete') return {};
  const merged: Fields = retainedKeys(target, patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(deletePrefix)) removeScalars(merged, name.slice(deletePrefix.length), listOf(value));
    if (name.startsWith('$')) continue;
    if (value === null) delete merged[name];
    else merged[name] = mergeField(merged[name], value, rules, childPath(path, name));
  }
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(orderPrefix)) continue;
    const field = name.slice(orderPrefix.length);
    setOrder(merged, field, listOf(order), rules.at(childPath(path, field)));
  }
  return merged;
}

function retainedKeys(target: Fields, patch: Fields): Fields {
  const retain = patch.$retainKeys;
  if (!Array.isArray(retain)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([name]) => retain.includes(name)));
}

function withoutDirectives(patch: Fields): Fields {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith('$')));
}

function mergeField(current: unknown, value: unknown, rules: MergeRules, path: string): unknown {
  if (isFields(value)) return strategicMerge(isFields(current) ? current : {}, value, rules, path);
  if (!Array.isArray(value)) return value;
  const rule = rules.at(path);
  if (rule.type === 'map') return mergeItems(listOf(current), value, rule, rules, path);
  if (rule.type === 'set' && Array.isArray(current)) {
    return [...current, ...value.filter((item) => !current.some((known) => equalJson(known, item)))];
  }
  return cloneJson(value);
}

/** The key strategic merge patches identify items by. */
function patchKeyOf(rule: ListRule & { type: 'map' }): string {
  return rule.patchKey ?? rule.keys[0] ?? 'name';
}

function mergeItems(
  current: unknown[],
  patch: unknown[],
  rule: ListRule & { type: 'map' },
  rules: MergeRules,
  path: string,
): unknown[] {
  const key = patchKeyOf(rule);
  if (patch.some((item) => isFields(item) && item.$patch === 'replace')) {
    return patch.filter((item) => isFields(item) && item.$patch !== 'replace').map(cloneJson);
  }
  let items = [...current];
  for (const item of patch) {
    if (!isFields(item) || item[key] === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const at = items.findIndex((known) => isFields(known) && equalJson(known[key], item[key]));
    if (item.$patch === 'delete') items = items.filter((_, index) => index !== at);
    else if (at < 0) items.push(strategicMerge({}, item, rules, path));
    else items[at] = strategicMerge(items[at] as Fields, item, rules, path);
  }
  return items;
}

function removeScalars(target: Fields, name: string, values: unknown[]): void {
  target[name] = listOf(target[name]).filter((item) => !values.some((value) => equalJson(value, item)));
}

/** Items the order names come in that order; items it does not name keep their place behind their predecessor. */
function setOrder(target: Fields, name: string, order: unknown[], rule: ListRule): void {
  const items = target[name];
  if (!Array.isArray(items)) return;
  const key = rule.type === 'map' ? patchKeyOf(rule) : undefined;
  const identity = (item: unknown): string =>
    JSON.stringify(key !== undefined && isFields(item) ? item[key] : item) ?? '';
  const rank = new Map(order.map((item, at) => [identity(item), at]));
  let last = -1;
  const ranked = items.map((item) => {
    last = rank.get(identity(item)) ?? last;
    return { item, rank: last };
  });
  target[name] = ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
