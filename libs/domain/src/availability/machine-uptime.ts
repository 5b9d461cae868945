/**
 * How much of the time in which a machine was to run it did run.
 *
 * Pure. Three kinds of time: up, down, and excluded, in which nobody could expect it to run: stopped, paused or deleted
 * by its owner, or on the way up after its owner asked for it (first start, start, restart). A machine that fails on its
 * way up is down from then on, until it runs.
 */
import { type Stretch, type TimeRange, within } from './lifetime.ts';

export interface MachineUptime {
  readonly upMs: number;
  readonly downMs: number;
  readonly excludedMs: number;
  /** Times that it went down within the range. */
  readonly failures: number;
  /** Times that it came up again within the range, and how long it had been down before, all together. */
  readonly repairs: number;
  readonly repairMs: number;
}

type Standing = 'up' | 'down' | 'excluded';

const UP: ReadonlySet<string> = new Set(['Running', 'Migrating']);
/** The owner's doing, in whichever way it was said: by a request, by the spec, or from inside the guest. */
const ENDED: ReadonlySet<string> = new Set(['Stopped', 'Deleting']);
/** Requests after which the machine is not to run, for a while or for good. */
const ASKS_AWAY: ReadonlySet<string> = new Set(['Stop', 'Restart', 'Pause']);
/** The guest ended without anybody asking, whatever was asked before. */
const CRASHES: ReadonlySet<string> = new Set(['GuestEnded', 'GuestFailed', 'OutOfMemory']);
const STOP_REQUESTED = 'StopRequested';

export function machineUptime(stretches: readonly Stretch[], range: TimeRange): MachineUptime {
  const total = { upMs: 0, downMs: 0, excludedMs: 0, failures: 0, repairs: 0, repairMs: 0 };
  let isExpected = false;
  let downSinceMs: number | undefined;
  for (const stretch of stretches) {
    isExpected = expectation(stretch, isExpected);
    const standing = standingOf(stretch, isExpected);
    total[`${standing}Ms`] += within(stretch, range);
    if (standing === 'down' && downSinceMs === undefined) {
      downSinceMs = stretch.fromMs;
      if (isIn(stretch.fromMs, range)) total.failures += 1;
    }
    if (standing === 'up' && downSinceMs !== undefined && isIn(stretch.fromMs, range)) {
      total.repairs += 1;
      total.repairMs += stretch.fromMs - downSinceMs;
    }
    if (standing !== 'down') downSinceMs = undefined;
    isExpected = afterRequests(stretch.asked, standing, isExpected);
  }
  return total;
}

/** Whether the machine is to run while this stretch holds. */
function expectation({ phase, reason }: Stretch, before: boolean): boolean {
  if (UP.has(phase) || phase === 'Failed' || CRASHES.has(reason)) return true;
  return ENDED.has(phase) || reason === STOP_REQUESTED ? false : before;
}

function afterRequests(asked: readonly string[], standing: Standing, before: boolean): boolean {
  // What is down and is restarted stays down until it runs: asking for a repair is not asking for a rest.
  const isAway = standing === 'down' ? asked.includes('Stop') : asked.some((verb) => ASKS_AWAY.has(verb));
  return isAway ? false : before;
}

function standingOf({ phase }: Stretch, isExpected: boolean): Standing {
  if (UP.has(phase)) return 'up';
  return isExpected ? 'down' : 'excluded';
}

const isIn = (ms: number, { from, to }: TimeRange): boolean => ms >= from.getTime() && ms < to.getTime();

/** Up as a share of up and down; absent where it never was to run. */
export function availabilityOf({ upMs, downMs }: Pick<MachineUptime, 'upMs' | 'downMs'>): number | undefined {
  return upMs + downMs === 0 ? undefined : upMs / (upMs + downMs);
}
