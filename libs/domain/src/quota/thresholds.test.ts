import { expect, test } from 'vitest';
import { quotaLevel } from './thresholds.ts';

test('a level is reached at 80 and at 100 per cent, and by whole numbers only', () => {
  expect([7, 8, 9, 10, 11].map((used) => quotaLevel(used, 10))).toEqual([0, 80, 80, 100, 100]);
  expect([2, 3].map((used) => quotaLevel(used, 3))).toEqual([0, 100]);
});

test('nothing used and nothing limited reach nothing', () => {
  expect(quotaLevel(0, 0)).toBe(0);
  expect(quotaLevel(1_000_000, null)).toBe(0);
  expect(quotaLevel(1, 0)).toBe(100);
});
