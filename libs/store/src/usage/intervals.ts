/**
 * How a running meter becomes events: intervals that end at every full period, tile without gap or overlap, and carry
 * ids that depend on nothing but what they describe, so that closing twice gives the same event.
 */
import { createHash } from 'node:crypto';

export type UsagePeriod = 'hour' | 'minute';

export interface Interval {
  readonly from: Date;
  readonly to: Date;
}

const PERIOD_MS: Readonly<Record<UsagePeriod, number>> = { hour: 3_600_000, minute: 60_000 };

export function periodMsOf(period: UsagePeriod): number {
  return PERIOD_MS[period];
}

/** Cuts the span at each period boundary inside it. An empty span gives nothing. */
export function intervalsBetween(from: Date, to: Date, periodMs: number): Interval[] {
  const intervals: Interval[] = [];
  for (let start = from.getTime(); start < to.getTime(); ) {
    const end = Math.min(nextBoundaryMs(start, periodMs), to.getTime());
    intervals.push({ from: new Date(start), to: new Date(end) });
    start = end;
  }
  return intervals;
}

/** The last boundary that is not in the future of `now`. */
export function lastBoundary(now: Date, periodMs: number): Date {
  return new Date(Math.floor(now.getTime() / periodMs) * periodMs);
}

/** The first boundary after a time. */
export function nextBoundary(at: Date, periodMs: number): Date {
  return new Date(nextBoundaryMs(at.getTime(), periodMs));
}

/** A UUID (version 5 in form) made from resource, meter and start. */
export function usageEventId(uid: string, meter: string, from: Date): string {
  const bytes = createHash('sha1').update(`usage/${uid}/${meter}/${from.toISOString()}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function nextBoundaryMs(startMs: number, periodMs: number): number {
  return (Math.floor(startMs / periodMs) + 1) * periodMs;
}
