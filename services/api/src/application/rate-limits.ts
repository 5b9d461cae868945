/**
 * Buckets by name, in the memory of this process: each process gives a caller its share, so that N of them together give
 * N shares. Nobody's bucket is kept once it would be full again.
 */
import { type Draw, drawTokens, Fault, type RateLimit, type TokenBucket } from '@compute/domain';

export const RATE_CLASSES = ['read', 'write', 'watch'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** What a caller has left of one kind of request. */
export interface RateState extends Omit<Draw, 'bucket'> {
  readonly kind: RateClass;
  readonly limit: RateLimit;
}

const MINUTE_MS = 60_000;
const KEPT_AT_MOST = 20_000;

/** `tokensPerMinute` 0: no limit. */
export class RateBuckets {
  readonly #limit: RateLimit | undefined;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(tokensPerMinute: number, now: () => number) {
    this.#limit = tokensPerMinute === 0 ? undefined : { tokens: tokensPerMinute, windowMs: MINUTE_MS };
    this.#now = now;
  }

  /** Undefined without a limit. A cost of 0 only looks. */
  draw(name: string, cost = 1): (Draw & { readonly limit: RateLimit }) | undefined {
    if (!this.#limit) return undefined;
    const draw = drawTokens(this.#buckets.get(name), this.#limit, this.#now(), cost);
    if (cost > 0) this.#keep(name, draw.bucket);
    return { ...draw, limit: this.#limit };
  }

  #keep(name: string, bucket: TokenBucket): void {
    if (this.#buckets.size >= KEPT_AT_MOST && !this.#buckets.has(name)) this.#forgetFull();
    this.#buckets.set(name, bucket);
  }

  /** One that was not drawn from for a whole window is full: forgetting it changes nothing. */
  #forgetFull(): void {
    const before = this.#now() - MINUTE_MS;
    for (const [name, { atMs }] of this.#buckets) if (atMs < before) this.#buckets.delete(name);
    if (this.#buckets.size >= KEPT_AT_MOST) this.#buckets.clear();
  }
}

export interface RateSettings {
  readonly readsPerMinute: number;
  readonly writesPerMinute: number;
  readonly watchesPerMinute: number;
}

/** What each caller may ask for. */
export class RateLimits {
  readonly #buckets: Readonly<Record<RateClass, RateBuckets>>;

  constructor(settings: RateSettings, now: () => number) {
    this.#buckets = {
      read: new RateBuckets(settings.readsPerMinute, now),
      write: new RateBuckets(settings.writesPerMinute, now),
      watch: new RateBuckets(settings.watchesPerMinute, now),
    };
  }

  /** Counts one request. Undefined without a limit for its kind. */
  charge(callerId: string, kind: RateClass): RateState | undefined {
    const draw = this.#buckets[kind].draw(callerId);
    if (!draw) return undefined;
    const { allowed, remaining, nextMs, fullMs, limit } = draw;
    return { kind, allowed, remaining, nextMs, fullMs, limit };
  }
}

const WORDS: Readonly<Record<RateClass, string>> = { read: 'reads', write: 'changes', watch: 'new streams' };

/** Throws `RateLimited`, saying when to come again, for a request that was one too many. */
export function refuseTooMany(state: RateState | undefined): void {
  if (!state || state.allowed) return;
  const { kind, limit, nextMs } = state;
  const message = `Too many ${WORDS[kind]}: ${limit.tokens} in ${limit.windowMs / 1_000} seconds for each caller.`;
  throw new Fault('RateLimited', message, { retryAfterMs: nextMs });
}

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), by their names in lower case. */
export function rateHeaders(state: RateState | undefined): [string, string][] {
  if (!state) return [];
  const { kind, limit, remaining, fullMs } = state;
  return [
    ['ratelimit-policy', `"${kind}";q=${limit.tokens};w=${limit.windowMs / 1_000}`],
    ['ratelimit', `"${kind}";r=${remaining};t=${Math.ceil(fullMs / 1_000)}`],
  ];
}
