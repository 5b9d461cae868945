/**
 * The key that seals the ledger of usage, and signed statements in the common form (a JWS in compact serialisation with
 * EdDSA over Ed25519), so that any library of any language verifies them.
 *
 * It is derived from the present wrapping key: every process signs alike, and nothing more has to be kept. With another
 * wrapping key comes another signing key. A public key is kept for ever, and before its first signature leaves, so that older
 * statements stay verifiable when nobody has the wrapping key any more.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { type Queryable, rowsOf } from '../connection.ts';
import type { WrappingKey, WrappingKeys } from '../secrets/wrapping-keys.ts';

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

/** The signing keys that follow from the wrapping keys. */
export class SigningKeys {
  readonly #wrapping: WrappingKeys;
  readonly #derived = new Map<string, SigningKey>();

  constructor(wrapping: WrappingKeys) {
    this.#wrapping = wrapping;
  }

  /** The one that signs now, its public key kept. */
  async forSigning(on: Queryable): Promise<SigningKey> {
    const key = this.#derive(this.#wrapping.current);
    await rowsOf(on, KEEP_KEY, [key.id, key.publicKey]);
    return key;
  }

  /** Of every wrapping key that this process has, the present one first. */
  all(): SigningKey[] {
    return this.#wrapping.all.map((key) => this.#derive(key));
  }

  #derive({ id, bytes }: WrappingKey): SigningKey {
    const known = this.#derived.get(id);
    if (known) return known;
    const key = usageSigningKey(bytes);
    this.#derived.set(id, key);
    return key;
  }
}

function usageSigningKey(secretsKey: Buffer): SigningKey {
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

const KEEP_KEY = {
  name: 'keep_usage_signing_key',
  text: 'insert into usage_signing_key (id, public_key) values ($1, $2) on conflict (id) do nothing',
};
