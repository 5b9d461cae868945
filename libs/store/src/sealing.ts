/**
 * Secrets at rest. A project has a data key; the key-encryption key wraps it; fields of a spec that are secret are
 * stored as `{ "$sealed": "v1.<base64>" }`, AES-256-GCM, bound to the resource and the field by additional data, so that
 * a sealed value copied into another row does not open. An annotation that repeats the whole manifest is sealed likewise.
 *
 * A reader could break: the clear text never reaches SQL, a log line or an error message.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Fault, type Kind } from '@compute/domain';

/** Which top-level fields of a spec are secret. An empty text is no secret. */
export const SECRET_FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  VMInstance: ['cloudInit'],
  VMDisk: [],
};

/** What kubectl keeps of the manifest that was applied last: the spec as a text, secrets included. */
const MANIFEST_ANNOTATIONS: readonly string[] = ['kubectl.kubernetes.io/last-applied-configuration'];

const VERSION = 'v1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

type JsonObject = Record<string, unknown>;

/** 32 bytes, as they are or in base64. Throws `InvalidArgument`, without the key in the message. */
export function parseSecretsKey(key: Uint8Array | string): Buffer {
  const bytes = typeof key === 'string' ? Buffer.from(key.trim(), 'base64') : Buffer.from(key);
  if (bytes.length !== KEY_BYTES)
    throw new Fault('InvalidArgument', `The secrets key must be ${KEY_BYTES} bytes (base64), not ${bytes.length}.`);
  return bytes;
}

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Wraps a project's data key for storage. */
export function wrapDataKey(dataKey: Buffer, secretsKey: Buffer, projectUid: string): Buffer {
  return encrypt(dataKey, secretsKey, `project/${projectUid}`);
}

/** Throws `Internal` when the key-encryption key is not the one that wrapped it. */
export function unwrapDataKey(sealed: Uint8Array, secretsKey: Buffer, projectUid: string): Buffer {
  return decrypt(Buffer.from(sealed), secretsKey, `project/${projectUid}`);
}

/** The signing secrets of a webhook as they are stored: with the key-encryption key, since some belong to no project. */
export function sealWebhookSecrets(secrets: object, secretsKey: Buffer, webhookId: string): Buffer {
  return encrypt(Buffer.from(JSON.stringify(secrets)), secretsKey, `webhook/${webhookId}`);
}

/** Throws `Internal` when the key-encryption key is not the one that sealed them. */
export function openWebhookSecrets(sealed: Uint8Array, secretsKey: Buffer, webhookId: string): unknown {
  return JSON.parse(decrypt(Buffer.from(sealed), secretsKey, `webhook/${webhookId}`).toString());
}

/** The spec as it is stored. */
export function sealSpec(kind: Kind, uid: string, spec: object, dataKey: Buffer): JsonObject {
  return seal(SECRET_FIELDS[kind], uid, spec, dataKey);
}

/** The annotations as they are stored. */
export function sealAnnotations(kind: Kind, uid: string, annotations: object, dataKey: Buffer): JsonObject {
  return seal(secretAnnotations(kind), uid, annotations, dataKey);
}

/** Whether anything of what is stored needs the project's key to be read. */
export function isSealed(kind: Kind, spec: JsonObject, annotations: JsonObject = {}): boolean {
  return (
    SECRET_FIELDS[kind].some((field) => sealedText(spec[field]) !== undefined) ||
    secretAnnotations(kind).some((name) => sealedText(annotations[name]) !== undefined)
  );
}

/** The spec as the user wrote it. */
export function openSpec(kind: Kind, uid: string, stored: JsonObject, dataKey: Buffer): JsonObject {
  return open(SECRET_FIELDS[kind], uid, stored, dataKey);
}

/** The annotations as the user wrote them. */
export function openAnnotations(kind: Kind, uid: string, stored: JsonObject, dataKey: Buffer): JsonObject {
  return open(secretAnnotations(kind), uid, stored, dataKey);
}

function secretAnnotations(kind: Kind): readonly string[] {
  return SECRET_FIELDS[kind].length === 0 ? [] : MANIFEST_ANNOTATIONS;
}

function seal(fields: readonly string[], uid: string, clear: object, dataKey: Buffer): JsonObject {
  const stored: JsonObject = { ...clear };
  for (const field of fields) {
    const value = stored[field];
    if (value === undefined || value === '') continue;
    const bytes = encrypt(Buffer.from(JSON.stringify(value)), dataKey, `${uid}/${field}`);
    stored[field] = { $sealed: `${VERSION}.${bytes.toString('base64')}` };
  }
  return stored;
}

function open(fields: readonly string[], uid: string, stored: JsonObject, dataKey: Buffer): JsonObject {
  const clear: JsonObject = { ...stored };
  for (const field of fields) {
    const text = sealedText(stored[field]);
    if (text === undefined) continue;
    const [version, body] = text.split('.', 2);
    if (version !== VERSION || body === undefined) throw new Fault('Internal', `Unknown sealing of field ${field}.`);
    clear[field] = JSON.parse(decrypt(Buffer.from(body, 'base64'), dataKey, `${uid}/${field}`).toString());
  }
  return clear;
}

function sealedText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('$sealed' in value)) return undefined;
  return typeof value.$sealed === 'string' ? value.$sealed : undefined;
}

function encrypt(clear: Buffer, key: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(clear), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function decrypt(sealed: Buffer, key: Buffer, context: string): Buffer {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new Fault('Internal', 'A stored secret does not open with the present secrets key.', {}, cause);
  }
}
