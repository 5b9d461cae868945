/**
 * Who a bearer token belongs to: an API key, whose verdicts and their age are the store's, or a JWT of the one issuer
 * that the operator trusts.
 */
import { type ApiKeyRecord, Fault } from '@compute/domain';
import type { Store } from '@compute/store';
import type { OidcVerifier } from './oidc/oidc-verifier.ts';
import type { Caller } from './request-context.ts';

const API_KEY_PREFIX = 'vmk_';
const BEARER = /^Bearer\s+(\S{1,8192})$/i;

/** The token of an Authorization header; undefined when there is none. */
export function bearerToken(header: string | undefined): string | undefined {
  return BEARER.exec(header ?? '')?.[1];
}

export class Authenticator {
  readonly #store: Store;
  readonly #oidc: OidcVerifier | undefined;

  constructor(store: Store, oidc?: OidcVerifier) {
    this.#store = store;
    this.#oidc = oidc;
  }

  /**
   * The caller of an Authorization header. Throws `Unauthenticated`; `PermissionDenied` for a token that names no project
   * or scope; `Unavailable` while the key of a token cannot be had.
   */
  async authenticate(header: string | undefined): Promise<Caller> {
    const token = bearerToken(header);
    if (token === undefined) throw new Fault('Unauthenticated', this.#howTo());
    if (this.#oidc && !token.startsWith(API_KEY_PREFIX)) return this.#oidc.callerOf(token);
    return callerOfKey(await this.#store.authenticate(token));
  }

  #howTo(): string {
    return `Send the header Authorization: Bearer <API key${this.#oidc ? ' or token' : ''}>.`;
  }
}

function callerOfKey({ id, project, scopes, expiresAt }: ApiKeyRecord): Caller {
  return {
    actor: { type: 'user', id: `key:${id}` },
    provesProject: true,
    scopes,
    ...(project === undefined ? {} : { project }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
