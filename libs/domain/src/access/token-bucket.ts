/**
 * How much a caller may ask for in a span: a bucket of tokens that fills evenly and never beyond its size. Pure; the
 * clock is the caller's.
 */

/** `tokens` in each `windowMs`, and as many at once. */
export interface RateLimit {
  readonly tokens: number;
  readonly windowMs: number;
}

export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface Draw {
  readonly bucket: TokenBucket;
  readonly allowed: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until the next token can be drawn; 0 when one can be drawn now. */
  readonly nextMs: number;
  /** Until the bucket is full again. */
  readonly fullMs: number;
}

/** Draws `cost` tokens, or none when there are not enough. An unknown caller starts with a full bucket. */
export function drawTokens(before: TokenBucket | undefined, limit: RateLimit, nowMs: number, cost = 1): Draw {
  const held = before === undefined ? limit.tokens : refilled(before, limit, nowMs);
  const allowed = held >= cost;
  const tokens = allowed ? held - cost : held;
  const msPerToken = limit.windowMs / limit.tokens;
  return {
    bucket: { tokens, atMs: nowMs },
    allowed,
    remaining: Math.floor(tokens),
    nextMs: Math.max(0, Math.ceil((Math.max(1, cost) - tokens) * msPerToken)),
    fullMs: Math.ceil((limit.tokens - tokens) * msPerToken),
  };
}

/** A clock that steps back fills nothing. */
function refilled({ tokens, atMs }: TokenBucket, limit: RateLimit, nowMs: number): number {
  const gained = (Math.max(0, nowMs - atMs) * limit.tokens) / limit.windowMs;
  return Math.min(limit.tokens, tokens + gained);
}
