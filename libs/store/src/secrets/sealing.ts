/**
 * Secrets at rest. A project has a data key, wrapped by a key of the installation; fields of a spec that are secret are
 * stored as `{ "$sealed": "v1.<base64>.<id of the data key>" }`, bound to the resource and the field by additional data, so
 * that a sealed value copied into another row does not open. An annotation that repeats the whole manifest is sealed
 * likewise. Older builds wrote no id, and skip it when they read.
 *
 * A reader could break: the clear text never reaches SQL, a log line or an error message.
 */
import { randomBytes } from 'node:crypto';
import { Fault, type Kind } from '@compute/domain';
import { decrypt, encrypt } from './cipher.ts';
import { fingerprint } from './wrapping-keys.ts';

/** The key of a project, by its fingerprint. */
export interface DataKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** All data keys of a project: the first seals, all of them open. */
export type DataKeys = readonly [DataKey, ...DataKey[]];

/** Which top-level fields of a spec are secret. An empty text is no secret. */
export const SECRET_FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  VMInstance: ['cloudInit'],
  VMDisk: [],
};

/** What kubectl keeps of the manifest that was applied last: the spec as a text, secrets included. */
const MANIFEST_ANNOTATIONS: readonly string[] = ['kubectl.kubernetes.io/last-applied-configuration'];

const VERSION = 'v1';
const KEY_BYTES = 32;

type JsonObject = Record<string, unknown>;

export function newDataKey(): DataKey {
  return dataKey(randomBytes(KEY_BYTES));
}

export function dataKey(bytes: Buffer): DataKey {
  return { id: fingerprint(bytes), bytes };
}

/** The spec as it is stored. */
export function sealSpec(kind: Kind, uid: string, spec: object, key: DataKey): JsonObject {
  return seal(SECRET_FIELDS[kind], uid, spec, key);
}

/** The annotations as they are stored. */
export function sealAnnotations(kind: Kind, uid: string, annotations: object, key: DataKey): JsonObject {
  return seal(secretAnnotations(kind), uid, annotations, key);
}

/** Whether anything of what is stored needs the project's key to be read. */
export function isSealed(kind: Kind, spec: JsonObject, annotations: JsonObject = {}): boolean {
  return sealedTexts(kind, spec, annotations).length > 0;
}

/** The data keys that what is stored names; an older build named none. */
export function sealingKeyIds(kind: Kind, spec: JsonObject, annotations: JsonObject): (string | undefined)[] {
  return sealedTexts(kind, spec, annotations).map((text) => text.split('.')[2]);
}

function sealedTexts(kind: Kind, spec: JsonObject, annotations: JsonObject): string[] {
  const values = [
    ...SECRET_FIELDS[kind].map((field) => spec[field]),
    ...secretAnnotations(kind).map((name) => annotations[name]),
  ];
  return values.map(sealedText).filter((text) => text !== undefined);
}

/** The spec as the user wrote it. */
export function openSpec(kind: Kind, uid: string, stored: JsonObject, keys: DataKeys): JsonObject {
  return open(SECRET_FIELDS[kind], uid, stored, keys);
}

/** The annotations as the user wrote them. */
export function openAnnotations(kind: Kind, uid: string, stored: JsonObject, keys: DataKeys): JsonObject {
  return open(secretAnnotations(kind), uid, stored, keys);
}

function secretAnnotations(kind: Kind): readonly string[] {
  return SECRET_FIELDS[kind].length === 0 ? [] : MANIFEST_ANNOTATIONS;
}

function seal(fields: readonly string[], uid: string, clear: object, key: DataKey): JsonObject {
  const stored: JsonObject = { ...clear };
  for (const field of fields) {
    const value = stored[field];
    if (value === undefined || value === '') continue;
    const bytes = encrypt(Buffer.from(JSON.stringify(value)), key.bytes, `${uid}/${field}`);
    stored[field] = { $sealed: `${VERSION}.${bytes.toString('base64')}.${key.id}` };
  }
  return stored;
}

function open(fields: readonly string[], uid: string, stored: JsonObject, keys: DataKeys): JsonObject {
  const clear: JsonObject = { ...stored };
  for (const field of fields) {
    const text = sealedText(stored[field]);
    if (text === undefined) continue;
    const [version, body, keyId] = text.split('.', 3);
    if (version !== VERSION || body === undefined) throw new Fault('Internal', `Unknown sealing of field ${field}.`);
    const mayOpen = keyId === undefined ? keys : keys.filter(({ id }) => id === keyId);
    clear[field] = JSON.parse(openWithAny(Buffer.from(body, 'base64'), mayOpen, `${uid}/${field}`).toString());
  }
  return clear;
}

function openWithAny(sealed: Buffer, keys: readonly DataKey[], context: string): Buffer {
  let cause: unknown;
  for (const { bytes } of keys) {
    try {
      return decrypt(sealed, bytes, context);
    } catch (error) {
      cause = error;
    }
  }
  throw new Fault('Internal', 'A stored secret does not open with the keys of its project.', {}, cause);
}

function sealedText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('$sealed' in value)) return undefined;
  return typeof value.$sealed === 'string' ? value.$sealed : undefined;
}
