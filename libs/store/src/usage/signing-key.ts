/**
 * The key that seals the ledger of usage, and signed statements in the common form (a JWS in compact serialisation with
 * EdDSA over Ed25519), so that any library of any language verifies them.
 *
 * It is derived from the key-encryption key: every process signs alike, and nothing more has to be kept. With another
 * key-encryption key comes another signing key; public keys are kept for ever, so older statements stay verifiable.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';

/** What an Ed25519 private key begins with in PKCS #8; the 32 bytes of the seed follow. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const KEY_ID_LENGTH = 16;

export interface SigningKey {
  readonly id: string;
  /** The raw public key, 32 bytes. */
  readonly publicKey: Buffer;
  /** The statement as a signed text. */
  sign(statement: object): string;
}

export function usageSigningKey(secretsKey: Buffer): SigningKey {
  const seed = Buffer.from(hkdfSync('sha256', secretsKey, '', 'compute usage ledger', SEED_BYTES));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = rawPublicKey(key);
  const id = createHash('sha256').update(publicKey).digest('base64url').slice(0, KEY_ID_LENGTH);
  return { id, publicKey, sign: (statement) => signed(statement, key, id) };
}

function rawPublicKey(key: KeyObject): Buffer {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

function signed(statement: object, key: KeyObject, id: string): string {
  const text = `${base64url({ alg: 'EdDSA', kid: id, typ: 'JWT' })}.${base64url(statement)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
