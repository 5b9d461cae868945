/** Finds items that occur twice in keyed lists and sets of an object. */
import { type Fields, isFields } from '../protocol/kube-object.ts';
import { childPath, itemKey, type MergeRules } from './merge-rules.ts';

/** One line per duplicate: `.spec.ports: duplicate entries for key [port=80,protocol="TCP"]`. */
export function duplicateItems(object: Fields, rules: MergeRules): string[] {
  return search(object, rules, '');
}

function search(value: unknown, rules: MergeRules, path: string): string[] {
  if (isFields(value)) {
    return Object.entries(value).flatMap(([name, below]) => search(below, rules, childPath(path, name)));
  }
  if (!Array.isArray(value)) return [];
  return [...inList(value, rules, path), ...value.flatMap((item) => search(item, rules, path))];
}

function inList(items: unknown[], rules: MergeRules, path: string): string[] {
  const rule = rules.at(path);
  if (rule.type === 'atomic') return [];
  const seen = new Set<string>();
  return items.flatMap((item) => {
    const key = rule.type === 'set' ? JSON.stringify(item) : itemKey(item, rule);
    if (key === undefined) return [];
    const doubled = seen.has(key);
    seen.add(key);
    return doubled ? [`.${path}: duplicate entries for key ${keyText(key)}`] : [];
  });
}

function keyText(key: string): string {
  if (!key.startsWith('k:')) return `[=${key}]`;
  const pairs = Object.entries(JSON.parse(key.slice(2)) as Fields);
  return `[${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}
