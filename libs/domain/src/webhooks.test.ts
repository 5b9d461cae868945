import { expect, test } from 'vitest';
import { WEBHOOK_PAUSES_MS, webhookPauseMs } from './webhooks.ts';

test('a message is tried for about three days, each pause longer than the one before', () => {
  const days = WEBHOOK_PAUSES_MS.reduce((sum, pause) => sum + pause, 0) / 86_400_000;
  expect(days).toBeGreaterThan(3);
  expect(days).toBeLessThan(3.5);
  expect(WEBHOOK_PAUSES_MS).toEqual(WEBHOOK_PAUSES_MS.toSorted((a, b) => a - b));
});

test('a pause is spread by a tenth in both directions, and there is none after the last', () => {
  expect([0, 0.5].map((chance) => webhookPauseMs(1, chance))).toEqual([4_500, 5_000]);
  expect(webhookPauseMs(WEBHOOK_PAUSES_MS.length, 0.5)).toBe(86_400_000);
  expect(webhookPauseMs(WEBHOOK_PAUSES_MS.length + 1, 0.5)).toBeUndefined();
});
