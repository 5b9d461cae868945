/** Who a bearer token belongs to. Verdicts on tokens, and how long they are kept, are the store's. */
import { Fault } from '@compute/domain';
import type { ApiKeyRecord, Store } from '@compute/store';
import type { Caller } from './request-context.ts';

export class Authenticator {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The caller of an Authorization header. Throws `Unauthenticated`. */
  async authenticate(header: string | undefined): Promise<Caller> {
    const token = /^Bearer\s+(\S{1,512})$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw new Fault('Unauthenticated', 'Send the header Authorization: Bearer <API key>.');
    return callerOf(await this.#store.authenticate(token));
  }
}

function callerOf({ id, project, scopes }: ApiKeyRecord): Caller {
  return { actor: { type: 'user', id: `key:${id}` }, keyId: id, scopes, ...(project === undefined ? {} : { project }) };
}
