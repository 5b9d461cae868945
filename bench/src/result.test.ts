import { describe, expect, it } from 'vitest';
import { type Goal, judge, lineOf, tableOf } from './result.ts';

const goal: Goal = { goal: 'G3', name: 'get p50', better: 'lower', floor: 2, target: 1.5, against: 'echo', unit: 'ms' };
const ratio = { ratio: 1.61803, min: 1.5, max: 1.9, pairs: 7, ours: 0.3, beside: 0.19, cpuMicrosPerOp: 41.23456 };

describe('a result', () => {
  it('is judged in the direction of its goal', () => {
    expect(judge(goal, ratio).verdict).toBe('floor met');
    expect(judge(goal, { ...ratio, ratio: 1.2 }).verdict).toBe('target met');
    expect(judge(goal, { ...ratio, ratio: 2.1 }).verdict).toBe('floor missed');
    expect(judge({ ...goal, better: 'higher' }, { ...ratio, ratio: 2.1 }).verdict).toBe('target met');
  });

  it('is one line of JSON with the machine, the date and the commit', () => {
    const line = lineOf(judge(goal, ratio), { machine: 'm', date: '2026-01-01T00:00:00Z', commit: 'abc' });
    expect(JSON.parse(line)).toMatchObject({
      goal: 'G3',
      better: 'lower',
      ratio: 1.618,
      cpuMicrosPerOp: 41.23,
      commit: 'abc',
    });
    expect(line).not.toContain('\n');
  });

  it('is one row of the table', () => {
    expect(tableOf([judge(goal, ratio)]).split('\n')[1]).toMatch(
      /^G3 +get p50 +1\.62 +1\.5 - 1\.9 +<= 2 +<= 1\.5 +floor met/,
    );
  });
});
