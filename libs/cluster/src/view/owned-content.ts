/**
 * What of an object is as we wrote it. The API server records for each writer which fields it wrote last: a field that
 * somebody else changes leaves our record. So the fields that are still recorded as ours, with their values, are what we
 * applied as long as nobody touched them, and anything that others add beside them does not count.
 *
 * Kept as a digest, since a picture of a hundred thousand machines must stay small. What our own rules already look at is
 * left out: the run strategy, and the fingerprints that change while the object stays as it is.
 */
import { createHash } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '@compute/kube-client';
import { FIELD_MANAGER, GENERATION_ANNOTATION, HASH_ANNOTATION, OWNERSHIP_LABELS } from '../manifests/ownership.ts';

const DIGEST_LENGTH = 22;

type Fields = Readonly<Record<string, unknown>>;

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Fields;
}

/** Which part of an object counts; `metadata` for those whose spec nobody can change. */
export type ContentScope = 'metadata' | 'all';

/** Digest of what a manifest wants. Equal to {@link ownedContent} of the object while nobody changed what we wrote. */
export function wantedContent(manifest: KubeObject, scope: ContentScope = 'all'): string {
  return digest(manifest, scope);
}

/** As {@link wantedContent} of a manifest of which nothing but these marks counts. */
export function marksContent(metadata: Pick<ObjectMeta, 'labels' | 'annotations'>): string {
  return digest({ metadata: { name: '', ...metadata } }, 'metadata');
}

/** Digest of what is still ours in an object; undefined when the server has no record of what we wrote. */
export function ownedContent(object: KubeObject, scope: ContentScope = 'all'): string | undefined {
  const managed = (object.metadata.managedFields ?? []) as readonly ManagedFields[];
  const ours = managed.find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && (subresource ?? '') === '',
  );
  if (ours?.fieldsV1 === undefined) return undefined;
  return digest(pick(object, ours.fieldsV1) as KubeObject, scope);
}

/** The labels that a claim has from its disk: they are CDI's copy, which no record calls ours. */
export function labelContent(labels: Readonly<Record<string, string>> = {}): string {
  return textDigest(canonicalText(OWNERSHIP_LABELS.map((name) => labels[name] ?? null)));
}

function digest({ metadata, spec, type, data }: Partial<KubeObject>, scope: ContentScope): string {
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(
    ([name]) => name !== HASH_ANNOTATION && name !== GENERATION_ANNOTATION,
  );
  const { runStrategy: _power, ...wanted } = (spec ?? {}) as Record<string, unknown>;
  const labelled = { labels: metadata?.labels ?? {}, annotations: Object.fromEntries(annotations) };
  return textDigest(canonicalText(scope === 'metadata' ? labelled : { ...labelled, spec: wanted, type, data }));
}

function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_LENGTH);
}

/** The part of a value that a set of fields names, in the value's own shape. A name without names below it means all of it. */
function pick(value: unknown, fields: Fields): unknown {
  const names = Object.keys(fields).filter((name) => name !== '.');
  if (names.length === 0) return value;
  if (Array.isArray(value)) return pickItems(value, fields, names);
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Readonly<Record<string, unknown>>;
  const picked = names
    .map((name) => [name.slice(2), fields[name]] as const)
    .filter(([name]) => record[name] !== undefined);
  return Object.fromEntries(picked.map(([name, below]) => [name, pick(record[name], (below ?? {}) as Fields)]));
}

/** `k:{…}` names an item by its keys, `v:…` by its value. */
function pickItems(items: readonly unknown[], fields: Fields, names: readonly string[]): unknown[] {
  const keyed = names.map((name) => ({ of: name.slice(0, 2), key: JSON.parse(name.slice(2)) as unknown, name }));
  return items.flatMap((item) => {
    const found = keyed.find(({ of, key }) => (of === 'k:' ? hasKeys(item, key as Fields) : item === key));
    return found === undefined ? [] : [pick(item, (fields[found.name] ?? {}) as Fields)];
  });
}

function hasKeys(item: unknown, keys: Fields): boolean {
  const record = item as Readonly<Record<string, unknown>>;
  return Object.entries(keys).every(([name, value]) => record[name] === value);
}

/**
 * One text for equal values, whatever the order of their fields. Written by hand, since a worker that starts does this for
 * every object there is, and JSON.stringify with a replacer takes several times as long.
 */
function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  const record = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const name of Object.keys(record).sort()) {
    if (record[name] !== undefined) text += `${JSON.stringify(name)}:${canonicalText(record[name])},`;
  }
  return `${text}}`;
}
