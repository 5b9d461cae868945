/**
 * How a range of a machine's performance is cut into points: which stored level answers a step, where the points lie, and
 * that a time without figures is a gap. Nothing is interpolated and nothing is carried over from before.
 */
import { Fault } from '../fault.ts';
import { type Figure, LEVEL_MS, ROLLUP_LEVELS, type RollupLevel } from './figures.ts';

export const MAX_POINTS = 1_500;
const DEFAULT_SPAN_MS = LEVEL_MS.hour;
/** What is chosen when nobody names a step: the first that gives at most `COMFORTABLE_POINTS`. */
const STEPS_MS = [1, 5, 15, 60, 360, 1_440, 10_080].map((minutes) => minutes * LEVEL_MS.minute);
const COMFORTABLE_POINTS = 300;

export interface RangeRequest {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly stepMs?: number | undefined;
}

/** A range that can be answered. */
export interface PerformanceRange {
  /** Beginning of the first point; a multiple of the step. */
  readonly from: Date;
  /** End of the last point. */
  readonly to: Date;
  readonly stepMs: number;
  readonly level: RollupLevel;
}

export interface FigureSpread {
  readonly average: number;
  readonly maximum: number;
}

/** Figures over `[at, at + step)`. */
export interface MeasuredPoint {
  readonly at: Date;
  readonly figures: { readonly [F in Figure]?: FigureSpread };
}

/** `figures` is absent in a gap. */
export interface PerformancePoint {
  readonly at: Date;
  readonly figures?: MeasuredPoint['figures'];
}

/** The last hour when no span is given. Throws `InvalidArgument` for an impossible span or step, or too many points. */
export function performanceRange(asked: RangeRequest, now: Date): PerformanceRange {
  const toMs = (asked.to ?? now).getTime();
  const fromMs = asked.from?.getTime() ?? toMs - DEFAULT_SPAN_MS;
  if (fromMs >= toMs) throw refusal('/from', 'From must be before to.');
  const stepMs = asked.stepMs ?? comfortableStep(toMs - fromMs);
  if (stepMs < LEVEL_MS.minute || stepMs % LEVEL_MS.minute !== 0)
    throw refusal('/step', 'The step is a whole number of minutes.');
  const first = Math.floor(fromMs / stepMs) * stepMs;
  const last = Math.ceil(toMs / stepMs) * stepMs;
  if ((last - first) / stepMs > MAX_POINTS)
    throw refusal('/step', `That would be more than ${MAX_POINTS} points. Ask for a longer step or a shorter span.`);
  return { from: new Date(first), to: new Date(last), stepMs, level: levelOfStep(stepMs) };
}

/** The coarsest level whose rows fit the step without being cut. */
export function levelOfStep(stepMs: number): RollupLevel {
  return ROLLUP_LEVELS.findLast((level) => stepMs % LEVEL_MS[level] === 0) ?? 'minute';
}

/** One point for each step of the range; those that were not measured have no figures. */
export function withGaps(
  { from, to, stepMs }: PerformanceRange,
  measured: readonly MeasuredPoint[],
): PerformancePoint[] {
  const known = new Map(measured.map((point) => [point.at.getTime(), point]));
  const count = Math.round((to.getTime() - from.getTime()) / stepMs);
  return Array.from({ length: count }, (_, index) => {
    const at = from.getTime() + index * stepMs;
    return known.get(at) ?? { at: new Date(at) };
  });
}

function comfortableStep(spanMs: number): number {
  const found = STEPS_MS.find((stepMs) => spanMs / stepMs <= COMFORTABLE_POINTS);
  return found ?? Math.ceil(spanMs / COMFORTABLE_POINTS / LEVEL_MS.day) * LEVEL_MS.day;
}

function refusal(pointer: string, message: string): Fault {
  return new Fault('InvalidArgument', message, { fields: [{ pointer, code: 'out_of_range', message }] });
}
