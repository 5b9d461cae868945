import { expect, test } from 'vitest';
import { DEFAULT_RETRY, retryDelayMs } from './retry-policy.ts';

test('pauses grow with the attempts and stay under the ceiling', () => {
  for (let attempts = 0; attempts < 60; attempts += 1) {
    const fullMs = Math.min(300_000, 1_000 * 2 ** attempts);
    const delayMs = retryDelayMs(attempts, DEFAULT_RETRY);
    expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
    expect(delayMs).toBeLessThanOrEqual(fullMs);
  }
});

test('two resources that fail together do not come back together', () => {
  const delays = new Set(Array.from({ length: 20 }, () => retryDelayMs(8, DEFAULT_RETRY)));
  expect(delays.size).toBeGreaterThan(10);
});

test('a server that names a time is not asked earlier', () => {
  expect(retryDelayMs(0, DEFAULT_RETRY, 7_000)).toBe(7_000);
  expect(retryDelayMs(0, DEFAULT_RETRY, 900_000)).toBe(900_000);
});
