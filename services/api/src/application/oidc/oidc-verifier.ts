/**
 * Callers with a JWT. Signed by the issuer with an asymmetric algorithm, for us, in time; what it allows is in its
 * claims. No message repeats any of the token.
 */
import { Fault } from '@compute/domain';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Caller } from '../request-context.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { OidcSettings } from './oidc-settings.ts';
import { rightsOf } from './token-rights.ts';

/** None that shares a secret with its checker: a public key would do as one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far the clocks of issuer and service may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 30;
/** What can stand in logs and history. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;

export class OidcVerifier {
  readonly #settings: OidcSettings;
  readonly #keys: IssuerKeys;

  constructor(settings: OidcSettings, keys: IssuerKeys) {
    this.#settings = settings;
    this.#keys = keys;
  }

  /** Throws `Unauthenticated`, `PermissionDenied` (it allows nothing here), `Unavailable` (its key cannot be had). */
  async callerOf(token: string): Promise<Caller> {
    const claims = await this.#verify(token);
    const { sub = '', exp = 0 } = claims;
    if (!SUBJECT.test(sub))
      throw new Fault('Unauthenticated', 'The token’s claim `sub` is not 1 to 255 plain characters.');
    const rights = rightsOf(claims, this.#settings);
    if ('refusal' in rights)
      throw new Fault('PermissionDenied', rights.refusal, {}, new Error(`the token of oidc:${sub}: ${rights.refusal}`));
    return {
      actor: { type: 'user', id: `oidc:${sub}` },
      provesProject: false,
      expiresAt: new Date((exp + CLOCK_TOLERANCE_SECONDS) * 1_000),
      ...rights,
    };
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { issuer, audience } = this.#settings;
    try {
      const verified = await jwtVerify(token, (header, input) => this.#keys.find(header, input), {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS },
        requiredClaims: ['exp', 'sub'],
      });
      return verified.payload;
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw refusalOf(error);
    }
  }
}

function refusalOf(error: unknown): Fault {
  if (error instanceof errors.JWTExpired) return known('The token has expired.', error.payload);
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, payload } = error;
    return known(CLAIM_REFUSALS[claim] ?? `The token’s claim '${claim.slice(0, 20)}' is missing or wrong.`, payload);
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new Fault('Unauthenticated', 'The token is signed with an algorithm that is not accepted.');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return new Fault('Unauthenticated', 'The signature of the token is wrong.');
  if (error instanceof errors.JOSEError) return new Fault('Unauthenticated', 'The API key or token is not valid.');
  throw error;
}

const CLAIM_REFUSALS: Readonly<Record<string, string>> = {
  aud: 'The token is meant for another service (its claim `aud`).',
  iss: 'The token is of another issuer (its claim `iss`).',
  nbf: 'The token is not valid yet (its claim `nbf`).',
};

/** The signature was right, so the log may say whose token it was. */
function known(message: string, { sub }: JWTPayload): Fault {
  const whose = sub !== undefined && SUBJECT.test(sub) ? sub : 'nobody';
  return new Fault('Unauthenticated', message, {}, new Error(`the token of oidc:${whose}: ${message}`));
}
