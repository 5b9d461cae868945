import { expect, test } from 'vitest';
import type { Kind } from '../resource.ts';
import { importSuccessRate } from './import-outcomes.ts';
import type { LifeLine } from './lifetime.ts';
import { availabilityOf } from './machine-uptime.ts';
import { reportOf, totalsOf } from './report.ts';

const time = (seconds: number): Date => new Date(seconds * 1000);

/** `0 Pending, 5 Running, 9 Failed/NodeLost, 12 !Stop`: seconds, then a phase and perhaps its reason, or a request. */
function linesOf(text: string): LifeLine[] {
  let from: string | undefined;
  return text.split(', ').map((word) => {
    const [, seconds, asked, phase = '', reason = 'Seen'] = /^(\d+) (!?)(\w+)(?:\/(\w+))?$/.exec(word) ?? [];
    const at = time(Number(seconds));
    if (asked === '!') return { type: 'Power', to: phase, reason: 'Requested', at };
    const line: LifeLine = { type: 'Phase', to: phase, reason, at, ...(from === undefined ? {} : { from }) };
    from = phase;
    return line;
  });
}

function report(kind: Kind, lines: LifeLine[], from: number, to: number) {
  return reportOf({ kind, uid: 'u', name: 'n', lines }, { from: time(from), to: time(to) });
}

/** Seconds up, down and excluded, times down, repairs and seconds of repair. */
const LIVES: readonly [what: string, life: string, range: [number, number], expected: number[]][] = [
  ['the way to the first start is nobody’s fault', '0 Pending, 4 Starting, 10 Running', [0, 100], [90, 0, 10, 0, 0, 0]],
  ['a move to another node is no interruption', '0 Running, 40 Migrating, 50 Running', [0, 100], [100, 0, 0, 0, 0, 0]],
  [
    'a lost node is down until the machine runs again',
    '0 Running, 40 Failed/NodeLost, 60 Starting, 70 Running',
    [0, 100],
    [70, 30, 0, 1, 1, 30],
  ],
  [
    'a guest that crashes is down while it starts again',
    '0 Running, 40 Starting/GuestFailed, 45 Running, 80 Starting/OutOfMemory, 90 Running',
    [0, 100],
    [85, 15, 0, 2, 2, 15],
  ],
  [
    'a stop by its owner, and the start after it, are excluded',
    '0 Running, 10 !Stop, 11 Stopping/StopRequested, 20 Stopped, 60 !Start, 61 Starting, 70 Running',
    [0, 100],
    [41, 0, 59, 0, 0, 0],
  ],
  [
    'a stop through the spec leaves no request and is excluded too',
    '0 Running, 10 Stopping/StopRequested, 20 Stopped, 60 Starting, 70 Running',
    [0, 100],
    [40, 0, 60, 0, 0, 0],
  ],
  [
    'a restart that was asked for is excluded',
    '0 Running, 10 !Restart, 11 Stopping/Restarting, 15 Starting, 20 Running',
    [0, 100],
    [91, 0, 9, 0, 0, 0],
  ],
  [
    'a restart that nobody asked for is not',
    '0 Running, 11 Stopping/Restarting, 15 Starting, 20 Running',
    [0, 100],
    [91, 9, 0, 1, 1, 9],
  ],
  [
    'a pause that was asked for is excluded',
    '0 Running, 10 !Pause, 11 Paused, 31 Running',
    [0, 100],
    [80, 0, 20, 0, 0, 0],
  ],
  ['a pause that was not is down', '0 Running, 11 Paused, 31 Running', [0, 100], [80, 20, 0, 1, 1, 20]],
  [
    'a start that fails is down from then on, until it runs',
    '0 Pending, 10 Starting, 30 Failed/Unschedulable, 50 Starting, 60 Running',
    [0, 100],
    [40, 30, 30, 1, 1, 30],
  ],
  [
    'a restart of what is down does not excuse it',
    '0 Running, 20 Failed/NodeLost, 30 !Restart, 35 Starting, 50 Running',
    [0, 100],
    [70, 30, 0, 1, 1, 30],
  ],
  [
    'who stops what is down ends the downtime, without a repair',
    '0 Running, 20 Failed/NodeLost, 30 !Stop, 35 Stopped',
    [0, 100],
    [20, 15, 65, 1, 0, 0],
  ],
  ['what still is down has no repair yet', '0 Running, 60 Failed/NodeLost', [0, 100], [60, 40, 0, 1, 0, 0]],
  ['time after its deletion is not counted', '0 Running, 60 Deleting, 70 Deleted', [0, 100], [60, 0, 10, 0, 0, 0]],
  ['time before its creation is not counted', '80 Pending, 90 Running', [0, 100], [10, 0, 10, 0, 0, 0]],
  [
    'a failure from before the range lasts into it; its repair counts whole',
    '0 Running, 40 Failed/NodeLost, 60 Running',
    [50, 100],
    [40, 10, 0, 0, 1, 20],
  ],
];

test.each(LIVES)('%s', (_what, life, [from, to], [up, down, excluded, failures, repairs, repair]) => {
  const { machine, phaseMs } = report('VMInstance', linesOf(life), from, to);
  const ms = (seconds = 0) => seconds * 1000;
  expect(machine).toEqual({
    ...{ upMs: ms(up), downMs: ms(down), excludedMs: ms(excluded) },
    ...{ failures, repairs, repairMs: ms(repair) },
  });
  expect(Object.values(phaseMs).reduce((sum, one) => sum + one, 0)).toBe(ms((up ?? 0) + (down ?? 0) + (excluded ?? 0)));
});

test('where the beginning is no longer kept, the phase before the first line counts from the start of the range', () => {
  const lines: LifeLine[] = [{ type: 'Phase', from: 'Running', to: 'Failed', reason: 'NodeLost', at: time(60) }];
  expect(report('VMInstance', lines, 0, 100).machine).toMatchObject({ upMs: 60_000, downMs: 40_000 });
});

const IMPORTS: readonly [what: string, life: string, expected: [number, number, number]][] = [
  ['an import that ends well', '0 Pending, 5 Importing, 50 Ready', [1, 0, 0]],
  ['one that grows as soon as its data are there', '0 Pending, 5 Importing, 50 Resizing, 60 Ready', [1, 0, 0]],
  [
    'one that fails and is tried again',
    '0 Pending, 5 Importing, 20 Failed/SourceNotFound, 30 Pending, 31 Importing, 50 Ready',
    [1, 1, 0],
  ],
  ['a source that is refused before anything is imported', '0 Pending, 5 Failed/SourceForbidden', [0, 1, 0]],
  ['one that its owner gave up', '0 Pending, 5 Importing, 9 Failed/ImportCancelled', [0, 0, 1]],
  ['a blank disk', '0 Pending, 5 Ready', [0, 0, 0]],
  ['a blank disk without storage', '0 Pending, 5 Failed/StorageUnavailable', [0, 0, 0]],
  ['a disk that cannot grow', '0 Pending, 5 Importing, 9 Ready, 20 Resizing, 30 Failed/GrowFailed', [1, 0, 0]],
];

test.each(IMPORTS)('imports: %s', (_what, life, [succeeded, failed, cancelled]) => {
  expect(report('VMDisk', linesOf(life), 0, 100).imports).toEqual({ succeeded, failed, cancelled });
});

test('only what ended in the range is counted', () => {
  expect(report('VMDisk', linesOf('0 Pending, 5 Importing, 50 Ready'), 60, 100).imports?.succeeded).toBe(0);
  expect(report('VMDisk', linesOf('0 Pending, 5 Importing, 50 Ready'), 50, 100).imports?.succeeded).toBe(1);
});

test('a project is the sum of its resources', () => {
  const totals = totalsOf([
    report('VMInstance', linesOf('0 Running, 40 Failed/NodeLost, 60 Running'), 0, 100),
    report('VMInstance', linesOf('0 Running'), 0, 100),
    report('VMDisk', linesOf('0 Importing, 5 Ready'), 0, 100),
    report('VMDisk', linesOf('0 Importing, 5 Failed/SourceGone'), 0, 100),
  ]);
  expect(totals).toMatchObject({ machines: 2, disks: 2, uptime: { upMs: 180_000, downMs: 20_000, repairs: 1 } });
  expect(availabilityOf(totals.uptime)).toBeCloseTo(0.9);
  expect(importSuccessRate(totals.imports)).toBe(0.5);
});

test('what never was to run has no availability', () => {
  expect(availabilityOf({ upMs: 0, downMs: 0 })).toBeUndefined();
  expect(importSuccessRate({ succeeded: 0, failed: 0, cancelled: 3 })).toBeUndefined();
});
