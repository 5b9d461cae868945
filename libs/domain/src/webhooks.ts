/** What subscribers are told of, and when a delivery that failed is tried again. */

export const WEBHOOK_EVENT_TYPES = [
  'resource.phase_changed',
  'quota.limit_changed',
  'quota.threshold_reached',
  'usage.recorded',
] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first, second, … attempt that failed: a little over three days together. */
export const WEBHOOK_PAUSES_MS: readonly number[] = [
  ...[5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS],
  ...[10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS, 24 * HOUR_MS],
];

const JITTER = 0.1;

/**
 * The pause after the given number of failed attempts, up to a tenth shorter or longer so that many do not come back at
 * once; undefined when it is not tried any more. `chance` is in [0, 1).
 */
export function webhookPauseMs(failedAttempts: number, chance: number): number | undefined {
  const pause = WEBHOOK_PAUSES_MS[failedAttempts - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 - JITTER + 2 * JITTER * chance));
}
