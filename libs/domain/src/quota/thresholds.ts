/**
 * When use of a limit is worth telling somebody. The level is a function of use and limit alone, so nothing is to be
 * remembered: whoever rises a level tells of it, whoever falls below is ready to tell again. The database decides by the
 * same rule (`quota_level`).
 */

/** Per cent of the limit. */
export const QUOTA_THRESHOLDS = [80, 100] as const;
export type QuotaThreshold = (typeof QUOTA_THRESHOLDS)[number];

/** The highest threshold that is reached; 0 for none. Nothing used reaches nothing, also of a limit of 0. */
export function quotaLevel(used: number, limit: number | null): QuotaThreshold | 0 {
  if (limit === null || used <= 0) return 0;
  if (used >= limit) return 100;
  return used * 100 >= limit * 80 ? 80 : 0;
}
