/**
 * Opaque, signed tokens for pages and cursors. A token carries where to go on and what it was issued for; one that was
 * made up, altered, or issued for another query is refused instead of silently giving other results.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '@compute/domain';

const SIGNATURE_BYTES = 16;
const MAX_TOKEN_LENGTH = 4096;

export interface TokenSigner {
  /** `position` says where to go on, `scope` for what the token is good. */
  sign(scope: string, position: readonly string[]): string;
  /** The position of a token of that scope. Throws `InvalidArgument`; `pointer` names the field it came in. */
  read(scope: string, token: string, pointer: string): readonly string[];
}

/**
 * A signer whose tokens all processes with the same keys understand. The first key signs and any of them may have signed, so
 * that tokens outlive a change of keys; they are asked for each time.
 */
export function tokenSigner(keys: () => readonly Uint8Array[]): TokenSigner {
  const macBy = (key: Uint8Array, scope: string, body: string): Buffer =>
    createHmac('sha256', key).update(`${scope}\n${body}`).digest().subarray(0, SIGNATURE_BYTES);
  return {
    sign: (scope, position) => {
      const body = Buffer.from(JSON.stringify(position)).toString('base64url');
      const [key] = keys();
      if (!key) throw new Error('There is no key to sign a token with.');
      return `${body}.${macBy(key, scope, body).toString('base64url')}`;
    },
    read: (scope, token, pointer) => {
      const [body = '', signature = ''] = token.length > MAX_TOKEN_LENGTH ? [] : token.split('.', 2);
      const given = Buffer.from(signature, 'base64url');
      const isBy = (key: Uint8Array): boolean => timingSafeEqual(given, macBy(key, scope, body));
      const valid = given.length === SIGNATURE_BYTES && keys().some(isBy);
      if (!valid) throw badToken(pointer);
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as string[];
    },
  };
}

function badToken(pointer: string): Fault {
  const message =
    'This token was not issued for this query. Start again without it, and do not change the query between pages.';
  return new Fault('InvalidArgument', message, { fields: [{ pointer, code: 'invalid_token', message }] });
}
