/**
 * Bearer tokens. Only digests are kept and every comparison takes the same time, so neither a heap dump nor timing
 * tells a token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestUser } from '../protocol/route.ts';
import { unauthorized } from '../protocol/status-error.ts';

/** Who is behind a request. */
export interface Authenticator {
  /** Throws a StatusError (401) for nobody. */
  authenticate(request: IncomingMessage): RequestUser | Promise<RequestUser>;
}

const administrator: RequestUser = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

export class Tokens implements Authenticator {
  readonly #known: { digest: Buffer; user: RequestUser }[];

  /** Without tokens everybody is the administrator. */
  constructor(tokens: Readonly<Record<string, RequestUser>> = {}) {
    this.#known = Object.entries(tokens).map(([token, user]) => ({ digest: digest(token), user }));
  }

  /** The user behind the request's token; throws 401. */
  authenticate(request: IncomingMessage): RequestUser {
    if (this.#known.length === 0) return administrator;
    const header = request.headers.authorization ?? '';
    const presented = digest(/^bearer\s+(.+)$/i.exec(header)?.[1]?.trim() ?? '');
    let found: RequestUser | undefined;
    for (const { digest: known, user } of this.#known) if (timingSafeEqual(known, presented)) found = user;
    if (found === undefined) throw unauthorized();
    return found;
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
