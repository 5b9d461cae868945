/**
 * The fingerprint of a manifest. It is written to an annotation that anybody who lists objects can read, so it must not
 * give a Secret away: Secrets are hashed with a key that only the control plane has (a plain hash of a short password
 * could be guessed, and a key that stands in a label, such as the row's uid, protects nothing).
 *
 * The hash covers what the manifest wants, not which generation wanted it: a new generation that renders to the same
 * object leaves the object alone.
 */
import { createHash, createHmac } from 'node:crypto';
import type { KubeObject } from '@compute/kube-client';
import { GENERATION_ANNOTATION, HASH_ANNOTATION } from './ownership.ts';

/** JSON with sorted keys and without undefined, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (isRecord(entry) ? sorted(entry) : entry));
}

/** Hash of a manifest that holds no secret: 32 hex digits. */
export function manifestHash(object: KubeObject): string {
  return createHash('sha256').update(canonicalJson(object)).digest('hex').slice(0, 32);
}

/** The first one hashes; with the others hashes were made before a change of keys, or will be after it. */
export type HashKeys = readonly Uint8Array[];

/**
 * Hash of a Secret's manifest under a key of the control plane: 32 hex digits. The hash that the Secret bears already, when
 * one of the keys made it of this manifest: a change of keys is no reason to write every Secret again.
 */
export function secretManifestHash(object: KubeObject, hashKeys: HashKeys, presentHash?: string): string {
  const text = canonicalJson(object);
  const hashes = hashKeys.map((key) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32));
  return hashes.find((hash) => hash === presentHash) ?? hashes[0] ?? '';
}

/** The object with its hash and the generation that it was rendered from. */
export function stamped<T extends KubeObject>(object: T, hash: string, generation: number): T {
  const annotations = {
    ...object.metadata.annotations,
    [HASH_ANNOTATION]: hash,
    [GENERATION_ANNOTATION]: String(generation),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The hash that an object carries; undefined on objects that were not rendered here. */
export function hashOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[HASH_ANNOTATION];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}
