/**
 * The bill computed a second time: from what history tells of a resource alone, and compared with what was metered.
 *
 * Pure. History has two kinds of lines that matter, phases and charges; whatever they say runs until the next of them.
 */
import { type Charge, type Dimensions, type Meter, metersOfCharge } from './meters.ts';

/** A line of history, in the order of its numbers. `to` of a charge is its JSON text. */
export interface RecordedStep {
  readonly type: 'Phase' | 'Charge';
  readonly to: string;
  readonly at: Date;
}

/** A meter that ran; `to` is absent while it still does. */
export interface MeteredSpan {
  readonly meter: Meter;
  readonly dimensions: Dimensions;
  readonly from: Date;
  readonly to?: Date;
}

/** How the two accounts differ: spans that only one of them has. Both empty: they agree to the millisecond. */
export interface UsageDifference {
  readonly missing: readonly MeteredSpan[];
  readonly surplus: readonly MeteredSpan[];
}

/** What must have been metered. Lines before the first charge count for nothing. */
export function spansOfHistory(steps: readonly RecordedStep[]): MeteredSpan[] {
  const spans: MeteredSpan[] = [];
  let charge: Charge | undefined;
  let phase = '';
  for (const [index, step] of steps.entries()) {
    if (step.type === 'Charge') charge = JSON.parse(step.to) as Charge;
    else phase = step.to;
    const to = steps[index + 1]?.at;
    if (!charge) continue;
    for (const { meter, dimensions } of metersOfCharge(charge, phase))
      spans.push({ meter, dimensions, from: step.at, ...(to === undefined ? {} : { to }) });
  }
  return spans;
}

/** Compares what history says with what was metered, however either is cut into pieces. */
export function compareUsage(expected: readonly MeteredSpan[], metered: readonly MeteredSpan[]): UsageDifference {
  const [one, other] = [keyed(expected), keyed(metered)];
  return {
    missing: [...one].filter(([key]) => !other.has(key)).map(([, span]) => span),
    surplus: [...other].filter(([key]) => !one.has(key)).map(([, span]) => span),
  };
}

function keyed(spans: readonly MeteredSpan[]): Map<string, MeteredSpan> {
  return new Map(joined(spans).map((span) => [`${kindOf(span)} ${span.from.getTime()} ${span.to?.getTime()}`, span]));
}

/** Pieces that follow each other without a gap, of one meter with the same dimensions, are one span. */
function joined(spans: readonly MeteredSpan[]): MeteredSpan[] {
  const sorted = spans
    .filter(({ from, to }) => to === undefined || to.getTime() > from.getTime())
    .toSorted((a, b) => compareText(kindOf(a), kindOf(b)) || a.from.getTime() - b.from.getTime());
  const whole: MeteredSpan[] = [];
  for (const span of sorted) {
    const last = whole.at(-1);
    const follows = last !== undefined && kindOf(last) === kindOf(span) && last.to?.getTime() === span.from.getTime();
    if (!follows) whole.push(span);
    else whole[whole.length - 1] = { ...span, from: last.from };
  }
  return whole;
}

function kindOf({ meter, dimensions }: MeteredSpan): string {
  return JSON.stringify([meter, Object.entries(dimensions).toSorted(([a], [b]) => compareText(a, b))]);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
