/**
 * When to try again after the worker itself failed: doubling from one second to five minutes, with jitter, so that a
 * cluster that comes back is not met by everything at once. The count of attempts lives in the row, not here.
 */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly ceilingMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { firstMs: 1_000, ceilingMs: 300_000 };

/** Something the cluster refuses stays refused until the user or an administrator changes something. */
export const REFUSED_LOOK_MS = 300_000;

/**
 * Pause before the next attempt, in ms: between half of the doubled time and all of it. A server's own wish
 * (`retryAfterMs`) is the least, however long.
 */
export function retryDelayMs(attempts: number, policy: RetryPolicy, retryAfterMs?: number): number {
  const fullMs = Math.min(policy.ceilingMs, policy.firstMs * 2 ** Math.min(attempts, 30));
  const jitteredMs = fullMs / 2 + (Math.random() * fullMs) / 2;
  return Math.round(Math.max(jitteredMs, retryAfterMs ?? 0));
}
