/**
 * Who a bearer token belongs to. A known token is looked up again after a few seconds at the latest, so that a revoked
 * key ends soon everywhere, and at once where it was revoked. Only the hash of a token is kept.
 */
import { createHash } from 'node:crypto';
import { Fault } from '@compute/domain';
import type { ApiKeyRecord, Store } from '@compute/store';
import type { Caller } from './request-context.ts';

const KNOWN_TOKEN_TTL_MS = 5_000;
const MAX_KNOWN_TOKENS = 10_000;

export class Authenticator {
  readonly #store: Store;
  readonly #known = new Map<string, { readonly caller: Caller; readonly until: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The caller of an Authorization header. Throws `Unauthenticated`. */
  async authenticate(header: string | undefined): Promise<Caller> {
    const token = /^Bearer\s+(\S{1,512})$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw new Fault('Unauthenticated', 'Send the header Authorization: Bearer <API key>.');
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(hash);
    if (known && known.until > Date.now()) return known.caller;
    const caller = callerOf(await this.#store.authenticate(token));
    if (this.#known.size >= MAX_KNOWN_TOKENS) this.#known.clear();
    this.#known.set(hash, { caller, until: Date.now() + KNOWN_TOKEN_TTL_MS });
    return caller;
  }

  /** Forgets what is known of a key. */
  forget(keyId: string): void {
    for (const [hash, { caller }] of this.#known) if (caller.keyId === keyId) this.#known.delete(hash);
  }
}

function callerOf({ id, project, scopes }: ApiKeyRecord): Caller {
  return { actor: { type: 'user', id: `key:${id}` }, keyId: id, scopes, ...(project === undefined ? {} : { project }) };
}
