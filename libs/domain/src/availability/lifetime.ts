/**
 * A resource's life as stretches of time: what history tells, put in order and cut to a range.
 *
 * Pure. Only phases and requests for power matter here; a phase holds until the next one, the last one until now.
 */
import type { Kind } from '../resource.ts';

/** A line of history, in the order of its numbers. */
export interface LifeLine {
  readonly type: 'Phase' | 'Power';
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
  readonly at: Date;
}

/** From inclusive, to exclusive. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

export interface LifeRecord {
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly lines: readonly LifeLine[];
}

/** A phase and how long it held; `asked` are the requests for power that came while it did. */
export interface Stretch {
  readonly phase: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly asked: readonly string[];
}

const GONE = 'Deleted';

/**
 * Every stretch up to `until`, from the first line on. Where the beginning of the history is no longer kept, the phase
 * before the first line is known, not since when: it counts from `since`.
 */
export function stretchesOf(lines: readonly LifeLine[], since: Date, until: Date): Stretch[] {
  const stretches: Stretch[] = [];
  let present = beforeFirst(lines, since);
  for (const { type, to, reason, at } of lines) {
    if (at.getTime() >= until.getTime()) break;
    if (type === 'Power') present?.asked.push(to);
    else {
      if (present) stretches.push({ ...present, toMs: at.getTime() });
      present = to === GONE ? undefined : { phase: to, reason, fromMs: at.getTime(), asked: [] };
    }
  }
  return present ? [...stretches, { ...present, toMs: until.getTime() }] : stretches;
}

interface Present {
  readonly phase: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly asked: string[];
}

function beforeFirst(lines: readonly LifeLine[], since: Date): Present | undefined {
  const first = lines.find(({ type }) => type === 'Phase');
  if (first?.from === undefined || first.at.getTime() <= since.getTime()) return undefined;
  return { phase: first.from, reason: '', fromMs: since.getTime(), asked: [] };
}

/** How much of a stretch lies in the range, in ms. */
export function within({ fromMs, toMs }: Pick<Stretch, 'fromMs' | 'toMs'>, { from, to }: TimeRange): number {
  return Math.max(0, Math.min(toMs, to.getTime()) - Math.max(fromMs, from.getTime()));
}

/** Milliseconds in each phase, within the range; phases in which no time was spent are absent. */
export function timeInPhases(stretches: readonly Stretch[], range: TimeRange): Record<string, number> {
  const times: Record<string, number> = {};
  for (const stretch of stretches) {
    const ms = within(stretch, range);
    if (ms > 0) times[stretch.phase] = (times[stretch.phase] ?? 0) + ms;
  }
  return times;
}
