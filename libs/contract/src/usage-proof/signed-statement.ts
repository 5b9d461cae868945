/** Statements that somebody signed: JWS in compact serialisation, EdDSA over Ed25519, and nothing else. */
import { createPublicKey, verify } from 'node:crypto';

/** A published key as a JSON Web Key. */
export interface VerificationKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly use: 'sig';
  readonly alg: 'EdDSA';
  readonly kid: string;
  /** The public key, base64url. */
  readonly x: string;
}

export interface VerificationKeys {
  readonly keys: readonly VerificationKey[];
}

export function verificationKey(id: string, publicKey: Uint8Array): VerificationKey {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    use: 'sig',
    alg: 'EdDSA',
    kid: id,
    x: Buffer.from(publicKey).toString('base64url'),
  };
}

/** What the statement says, or undefined when it is none, or no key of these signed it. */
export function openStatement(
  statement: string,
  { keys }: VerificationKeys,
): Readonly<Record<string, unknown>> | undefined {
  const [head = '', body = '', signature = '', more] = statement.split('.');
  const { alg, kid } = parsed(head) ?? {};
  const key = keys.find((candidate) => candidate.kid === kid);
  if (more !== undefined || alg !== 'EdDSA' || !key) return undefined;
  const { kty, crv, x } = key;
  const publicKey = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  const isTrue = verify(null, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'));
  return isTrue ? parsed(body) : undefined;
}

function parsed(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
