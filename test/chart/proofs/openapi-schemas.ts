/**
 * Schemas for kubeconform, made of what the API server itself says of its kinds, definitions of foreign kinds included. Strict:
 * an object with named fields takes no others.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Node {
  readonly [word: string]: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

export interface OpenApi {
  readonly definitions: Readonly<Record<string, Node>>;
}

/** Where kubeconform finds them. */
export const schemaLocation = (folder: string): string =>
  join(folder, '{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json');

/** Writes one file for each kind and gives how many there are. */
export function writeSchemas({ definitions }: OpenApi, folder: string): number {
  const shared = Object.fromEntries(Object.entries(definitions).map(([name, node]) => [name, strict(node, name)]));
  let count = 0;
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      const used = Object.fromEntries(reachable(name, shared).map((each) => [each, shared[each]]));
      // Of the kinds without a group, kubeconform calls the version so.
      const file = `${group || version}-${version}-${kind.toLowerCase()}.json`;
      writeFileSync(join(folder, file), JSON.stringify({ $ref: `#/definitions/${name}`, definitions: used }));
      count += 1;
    }
  }
  return count;
}

const TEXT_OR_NUMBER = { oneOf: [{ type: 'string' }, { type: 'number' }] };

/** The same in JSON Schema: numbers where Kubernetes takes both, and no unknown fields. */
function strict(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => strict(each));
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Node;
  if (name.endsWith('.Quantity') || node.format === 'int-or-string' || node['x-kubernetes-int-or-string'] === true)
    return TEXT_OR_NUMBER;
  const inner = Object.fromEntries(Object.entries(node).map(([word, each]) => [word, strict(each)]));
  const isClosed = isNamed(node) && node['x-kubernetes-preserve-unknown-fields'] !== true;
  return isClosed && node.additionalProperties === undefined ? { ...inner, additionalProperties: false } : inner;
}

/** A map of fields, and not a field that is called `properties`. */
const isNamed = ({ properties, type }: Node): boolean =>
  typeof properties === 'object' && (type === 'object' || type === undefined);

function reachable(name: string, definitions: Readonly<Record<string, unknown>>): string[] {
  const found = new Set<string>([name]);
  for (const each of found) {
    for (const [, next = ''] of JSON.stringify(definitions[each]).matchAll(/"#\/definitions\/([^"]+)"/g))
      found.add(next);
  }
  return [...found];
}
