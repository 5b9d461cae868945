/**
 * The door of every face: who asks, and whether it is one too many. An address that keeps sending keys that open nothing
 * has to wait, except with a key that opened before, so that a neighbour's guessing locks nobody out.
 */
import { hash } from 'node:crypto';
import { Fault, isFault } from '@compute/domain';
import { type Authenticator, bearerToken } from './authenticator.ts';
import { RateBuckets, type RateClass, RateLimits, type RateSettings, type RateState } from './rate-limits.ts';
import type { Caller } from './request-context.ts';

const REMEMBERED_MS = 10 * 60_000;
const REMEMBERED_AT_MOST = 10_000;

export interface AdmissionSettings extends RateSettings {
  readonly refusalsPerMinute: number;
}

export class Admission {
  readonly #authenticator: Authenticator;
  readonly #limits: RateLimits;
  readonly #refusals: RateBuckets;
  readonly #now: () => number;
  /** Digests of tokens that opened, with the time until which that counts. */
  readonly #opened = new Map<string, number>();

  constructor(authenticator: Authenticator, settings: AdmissionSettings, now: () => number = Date.now) {
    this.#authenticator = authenticator;
    this.#limits = new RateLimits(settings, now);
    this.#refusals = new RateBuckets(settings.refusalsPerMinute, now);
    this.#now = now;
  }

  /** Throws as the authenticator does, and `RateLimited` for an address that guesses. */
  async authenticate(header: string | undefined, address: string): Promise<Caller> {
    const token = bearerToken(header);
    const digest = token === undefined ? '' : hash('sha256', token, 'base64');
    if (token !== undefined) this.#refuseGuesser(address, digest);
    try {
      const caller = await this.#authenticator.authenticate(header);
      this.#remember(digest);
      return caller;
    } catch (error) {
      if (token !== undefined && isFault(error, 'Unauthenticated')) this.#refusals.draw(address);
      throw error;
    }
  }

  /** Counts a request of the caller. Undefined: there is no limit. */
  charge({ actor }: Caller, kind: RateClass): RateState | undefined {
    return this.#limits.charge(actor.id, kind);
  }

  #refuseGuesser(address: string, digest: string): void {
    const left = this.#refusals.draw(address, 0);
    if (!left || left.remaining >= 1 || (this.#opened.get(digest) ?? 0) > this.#now()) return;
    const message = 'Too many keys or tokens from this address were not valid.';
    throw new Fault('RateLimited', message, { retryAfterMs: left.nextMs });
  }

  #remember(digest: string): void {
    if (this.#opened.size >= REMEMBERED_AT_MOST && !this.#opened.has(digest)) this.#opened.clear();
    this.#opened.set(digest, this.#now() + REMEMBERED_MS);
  }
}
