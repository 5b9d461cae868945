/**
 * Secrets at rest. A project has a data key; the key-encryption key wraps it; fields of a spec that are secret are
 * stored as `{ "$sealed": "v1.<base64>" }`, AES-256-GCM, bound to the resource and the field by additional data, so that
 * a sealed value copied into another row does not open.
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

/** The spec as it is stored. */
export function sealSpec(kind: Kind, uid: string, spec: object, dataKey: Buffer): JsonObject {
  const stored: JsonObject = { ...spec };
  for (const field of SECRET_FIELDS[kind]) {
    const value = stored[field];
    if (value === undefined || value === '') continue;
    const bytes = encrypt(Buffer.from(JSON.stringify(value)), dataKey, `${uid}/${field}`);
    stored[field] = { $sealed: `${VERSION}.${bytes.toString('base64')}` };
  }
  return stored;
}

/** Whether any field of a stored spec needs the project's key to be read. */
export function isSealed(kind: Kind, stored: JsonObject): boolean {
  return SECRET_FIELDS[kind].some((field) => sealedText(stored[field]) !== undefined);
}

/** The spec as the user wrote it. */
export function openSpec(kind: Kind, uid: string, stored: JsonObject, dataKey: Buffer): JsonObject {
  const spec: JsonObject = { ...stored };
  for (const field of SECRET_FIELDS[kind]) {
    const text = sealedText(stored[field]);
    if (text === undefined) continue;
    const [version, body] = text.split('.', 2);
    if (version !== VERSION || body === undefined) throw new Fault('Internal', `Unknown sealing of field ${field}.`);
    spec[field] = JSON.parse(decrypt(Buffer.from(body, 'base64'), dataKey, `${uid}/${field}`).toString());
  }
  return spec;
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
