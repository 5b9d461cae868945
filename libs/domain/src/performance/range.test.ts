import { describe, expect, it } from 'vitest';
import { levelOfStep, performanceRange, withGaps } from './range.ts';

const at = (text: string): Date => new Date(text);
const MINUTE = 60_000;
const NOW = at('2026-11-23T10:30:30Z');

describe('a range of performance', () => {
  it('is the last hour by minutes when nothing is asked for', () => {
    expect(performanceRange({}, NOW)).toEqual({
      from: at('2026-11-23T09:30:00Z'),
      to: at('2026-11-23T10:31:00Z'),
      stepMs: MINUTE,
      level: 'minute',
    });
  });

  it('widens to whole steps, so that the points of two questions lie on each other', () => {
    const range = performanceRange({ from: at('2026-11-20T10:10:00Z'), to: NOW, stepMs: 60 * MINUTE }, NOW);
    expect([range.from, range.to]).toEqual([at('2026-11-20T10:00:00Z'), at('2026-11-23T11:00:00Z')]);
  });

  it('takes a longer step by itself for a longer span', () => {
    const steps = [1, 7, 30, 365, 1_000].map((days) => {
      const { stepMs } = performanceRange({ from: new Date(NOW.getTime() - days * 1_440 * MINUTE), to: NOW }, NOW);
      return stepMs / MINUTE;
    });
    expect(steps).toEqual([5, 60, 360, 10_080, 10_080]);
  });

  it.each([
    [{ from: NOW, to: NOW }, 'before'],
    [{ stepMs: 90_000 }, 'whole number of minutes'],
    [{ stepMs: 0 }, 'whole number of minutes'],
    [{ from: at('2026-11-01T00:00:00Z'), to: NOW, stepMs: MINUTE }, 'more than 1500 points'],
  ])('refuses %j', (asked, words) => {
    expect(() => performanceRange(asked, NOW)).toThrow(words);
  });
});

it('a step is answered from the coarsest rows that fit it', () => {
  expect([1, 90, 60, 120, 1_440, 2_880].map((minutes) => levelOfStep(minutes * MINUTE))).toEqual([
    'minute',
    'minute',
    'hour',
    'hour',
    'day',
    'day',
  ]);
});

it('a time that was not measured is a gap, at its place', () => {
  const range = {
    from: at('2026-11-23T10:00:00Z'),
    to: at('2026-11-23T10:03:00Z'),
    stepMs: MINUTE,
    level: 'minute',
  } as const;
  const measured = { at: at('2026-11-23T10:01:00Z'), figures: { cpuCores: { average: 1, maximum: 2 } } };
  expect(withGaps(range, [measured])).toEqual([{ at: range.from }, measured, { at: at('2026-11-23T10:02:00Z') }]);
});
