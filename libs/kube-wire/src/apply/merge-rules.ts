/**
 * How each list of a kind is merged, by path. Rules come from the registered merge keys, from the schema's
 * `x-kubernetes-list-*`, and from the metadata every object has. A list without a rule is atomic.
 */
import type { KindDefinition, ListRule } from '../protocol/kind.ts';
import { type Fields, isFields } from '../protocol/kube-object.ts';
import type { Schema } from '../protocol/schema.ts';

export const atomic: ListRule = { type: 'atomic' };

const metadataRules: [string, ListRule][] = [
  ['metadata.finalizers', { type: 'set' }],
  ['metadata.ownerReferences', { type: 'map', keys: ['uid'] }],
];

export class MergeRules {
  readonly #rules: Map<string, ListRule>;

  constructor(rules: Iterable<[string, ListRule]>) {
    this.#rules = new Map([...metadataRules, ...rules]);
  }

  /** The rule of the list at a path (`spec.containers.ports`). */
  at(path: string): ListRule {
    return this.#rules.get(path) ?? atomic;
  }
}

const known = new WeakMap<KindDefinition, MergeRules>();

/** The rules of a kind, made once. */
export function mergeRulesOf(kind: KindDefinition): MergeRules {
  let rules = known.get(kind);
  if (rules === undefined) {
    const fromSchema = kind.schema === undefined ? [] : schemaRules(kind.schema, '');
    rules = new MergeRules([...fromSchema, ...Object.entries(kind.mergeKeys ?? {})]);
    known.set(kind, rules);
  }
  return rules;
}

function schemaRules(schema: Schema, path: string): [string, ListRule][] {
  const nested = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    schemaRules(child, childPath(path, name)),
  );
  if (schema.items === undefined) return nested;
  return [...schemaListRule(schema, path), ...nested, ...schemaRules(schema.items, path)];
}

function schemaListRule(schema: Schema, path: string): [string, ListRule][] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return [[path, { type: 'set' }]];
  if (type !== 'map') return [];
  return [[path, { type: 'map', keys: schema['x-kubernetes-list-map-keys'] ?? [] }]];
}

export function childPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/**
 * The identity of an item of a keyed list, as field sets write it: `k:{"name":"a"}`. Undefined when a key is missing
 * or the item is no object; such a list has to be treated as atomic.
 */
export function itemKey(item: unknown, rule: ListRule & { type: 'map' }): string | undefined {
  if (!isFields(item)) return undefined;
  const key: Fields = {};
  for (const name of [...rule.keys].sort()) {
    const value = item[name] ?? rule.defaults?.[name];
    if (value === undefined || value === null) return undefined;
    key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}

/** The identity of every item of a list; undefined when the list cannot be merged item by item (missing or doubled keys). */
export function itemKeys(items: readonly unknown[], rule: ListRule): string[] | undefined {
  if (rule.type === 'atomic') return undefined;
  const keys = items.map((item) => (rule.type === 'set' ? `v:${JSON.stringify(item)}` : itemKey(item, rule)));
  if (keys.some((key) => key === undefined) || new Set(keys).size !== keys.length) return undefined;
  return keys as string[];
}
