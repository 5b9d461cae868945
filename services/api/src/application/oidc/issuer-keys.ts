/**
 * The public keys of the issuer: found through its discovery document, kept, and read again when they are old or a
 * token names one that is not among them.
 *
 * A reader could break: a flood of tokens with made-up key ids causes one question to the issuer in `COOLDOWN_MS`, and
 * an issuer that is away costs nobody whose key is known.
 */
import { Fault } from '@compute/domain';
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import type { OidcSettings } from './oidc-settings.ts';

const FRESH_MS = 5 * 60_000;
/** Keys that nobody confirmed for so long are no longer believed. */
const BELIEVED_MS = 24 * 3_600_000;
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 5_000;

/** What the issuer answered cannot be right, however often it is asked. */
export class WrongIssuer extends Error {}

type KeySet = ReturnType<typeof createLocalJWKSet>;

export class IssuerKeys {
  readonly #settings: OidcSettings;
  readonly #now: () => number;
  #keys: { readonly find: KeySet; readonly readAtMs: number } | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #reading: Promise<void> | undefined;

  constructor(settings: OidcSettings, now: () => number = Date.now) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Reads the keys for the first time. Throws `WrongIssuer`, or whatever keeps the issuer from answering. */
  async open(): Promise<void> {
    await this.#read();
    if (this.#failure) throw this.#failure;
  }

  /** The key that a token's header names. Throws `Unauthenticated`, and `Unavailable` while it cannot be known. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    await this.#freshen();
    try {
      return await this.#select(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    if (this.#mayAsk()) {
      await this.#read();
      try {
        return await this.#select(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
    }
    if (this.#failure) throw this.#away();
    throw new Fault('Unauthenticated', 'The token is signed with a key that its issuer does not have.');
  }

  /** Old keys serve on while new ones are read; without any, or with ancient ones, everybody waits. */
  async #freshen(): Promise<void> {
    const ageMs = this.#keys ? this.#now() - this.#keys.readAtMs : Number.POSITIVE_INFINITY;
    if (ageMs < FRESH_MS || !this.#mayAsk()) return;
    const reading = this.#read();
    if (ageMs >= BELIEVED_MS) await reading;
  }

  async #select(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    if (!this.#keys || this.#now() - this.#keys.readAtMs >= BELIEVED_MS) throw this.#away();
    return this.#keys.find(header, token);
  }

  #mayAsk(): boolean {
    return this.#reading !== undefined || this.#now() - this.#triedAtMs >= COOLDOWN_MS;
  }

  #away(): Fault {
    const retryAfterMs = COOLDOWN_MS;
    return new Fault(
      'Unavailable',
      'The issuer of the token cannot be asked for its keys.',
      { retryAfterMs },
      this.#failure,
    );
  }

  /** One reading at a time; its failure is kept for those who need a key. */
  #read(): Promise<void> {
    this.#triedAtMs = this.#now();
    this.#reading ??= this.#ask()
      .then(
        (keys) => {
          this.#keys = { find: createLocalJWKSet(keys), readAtMs: this.#now() };
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #ask(): Promise<JSONWebKeySet> {
    const url = this.#settings.jwksUrl ?? (await this.#discover());
    const keys = (await readJson(url)) as Partial<JSONWebKeySet>;
    if (Array.isArray(keys.keys)) return keys as JSONWebKeySet;
    throw new WrongIssuer(`${url} gives no set of keys`);
  }

  async #discover(): Promise<string> {
    const { issuer } = this.#settings;
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const document = (await readJson(url)) as { issuer?: unknown; jwks_uri?: unknown };
    if (document.issuer !== issuer)
      throw new WrongIssuer(`${url} speaks for the issuer ${JSON.stringify(document.issuer)}, not for ${issuer}`);
    if (typeof document.jwks_uri !== 'string' || !isTrustworthy(document.jwks_uri))
      throw new WrongIssuer(`${url} names no jwks_uri with https`);
    return document.jwks_uri;
  }
}

/** Keys that anybody on the way could replace prove nothing; loopback has no way. */
export function isTrustworthy(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

async function readJson(url: string): Promise<object> {
  const reply = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/json' },
  });
  if (reply.status >= 500) throw new Error(`${url} answers ${reply.status}`);
  if (!reply.ok) throw new WrongIssuer(`${url} answers ${reply.status}`);
  const document: unknown = await reply.json().catch(() => undefined);
  if (typeof document === 'object' && document !== null) return document;
  throw new WrongIssuer(`${url} gives no JSON object`);
}
