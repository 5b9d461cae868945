/**
 * What of an object is as we wrote it. The API server records for each writer which fields it wrote last: a field that
 * somebody else changes leaves our record. So the fields that are still recorded as ours, with their values, are what we
 * applied as long as nobody touched them, and anything that others add beside them does not count.
 *
 * Kept as a digest, since a picture of a hundred thousand machines must stay small. What our own rules already look at is
 * left out: the run strategy, and the fingerprints that change while the object stays as it is.
 */
import { hash } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '@compute/kube-client';
import { FIELD_MANAGER, GENERATION_ANNOTATION, HASH_ANNOTATION, OWNERSHIP_LABELS } from '../manifests/ownership.ts';
import { ALL, below, type FieldSet, type Fields, fieldsText, valueText } from './content-text.ts';

const DIGEST_LENGTH = 22;
const FINGERPRINTS: ReadonlySet<string> = new Set([HASH_ANNOTATION, GENERATION_ANNOTATION]);
const POWER: ReadonlySet<string> = new Set(['runStrategy']);

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: FieldSet;
}

/** Which part of an object counts; `metadata` for those whose spec nobody can change. */
export type ContentScope = 'metadata' | 'all';

/** Digest of what a manifest wants. Equal to {@link ownedContent} of the object while nobody changed what we wrote. */
export function wantedContent(manifest: KubeObject, scope: ContentScope = 'all'): string {
  return digest(manifest, ALL, scope);
}

/** As {@link wantedContent} of a manifest of which nothing but these marks counts. */
export function marksContent(metadata: Pick<ObjectMeta, 'labels' | 'annotations'>): string {
  return digest({ metadata: { name: '', ...metadata } }, ALL, 'metadata');
}

/** Digest of what is still ours in an object; undefined when the server has no record of what we wrote. */
export function ownedContent(object: KubeObject, scope: ContentScope = 'all'): string | undefined {
  const managed = (object.metadata.managedFields ?? []) as readonly ManagedFields[];
  const ours = managed.find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && (subresource ?? '') === '',
  );
  return ours?.fieldsV1 && digest(object, ours.fieldsV1, scope);
}

/** The labels that a claim has from its disk: they are CDI's copy, which no record calls ours. */
export function labelContent(labels: Readonly<Record<string, string>> = {}): string {
  const ours = OWNERSHIP_LABELS.map((name) => labels[name] ?? null);
  return textDigest(valueText(ours, ALL));
}

function digest(object: Partial<KubeObject>, chosen: FieldSet, scope: ContentScope): string {
  const { metadata = {}, spec, data, type } = object;
  const marks = below(chosen, 'metadata');
  const texts = [partText(metadata, marks, 'labels'), partText(metadata, marks, 'annotations', FINGERPRINTS)];
  if (scope === 'metadata') return textDigest(texts.join());
  texts.push(
    partText({ spec }, chosen, 'spec', POWER),
    partText({ data }, chosen, 'data'),
    fieldsText({ type }, chosen),
  );
  return textDigest(texts.join());
}

/** A part that is not there or not ours reads as an empty one. */
function partText(whole: object, chosen: FieldSet | undefined, name: string, leftOut?: ReadonlySet<string>): string {
  const part = (whole as Fields)[name];
  const ours = chosen && below(chosen, name);
  return part === undefined || ours === undefined ? '{}' : fieldsText(part as Fields, ours, leftOut);
}

function textDigest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}
