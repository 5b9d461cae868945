import { expect, test } from 'vitest';
import type { VmiStatus } from './objects.ts';
import { sampleVm, sampleVmi } from './sample-objects.ts';
import { backoffLeftMs, nextStartFailure, startBackoffSeconds } from './start-failure.ts';

const input = { nowMs: Date.parse('2026-01-01T00:00:00Z'), timeScale: 1, random: () => 0 };
const failedEarly: VmiStatus = {
  phase: 'Failed',
  phaseTransitionTimestamps: [{ phase: 'Pending', phaseTransitionTimestamp: '' }],
};
const failedLate: VmiStatus = {
  phase: 'Failed',
  phaseTransitionTimestamps: [{ phase: 'Running', phaseTransitionTimestamp: '' }],
};

test.each([
  [1, 10, 15],
  [2, 40, 60],
  [3, 90, 135],
  [4, 160, 240],
  [5, 250, 300],
  [6, 300, 300],
])('failure %i waits between %i and %i seconds', (count, least, most) => {
  expect(startBackoffSeconds(count, () => 0)).toBe(least);
  expect(startBackoffSeconds(count, () => 0.9999)).toBe(most);
});

test('a VMI that ended without having run is counted once', () => {
  const first = nextStartFailure(sampleVm(), sampleVmi(failedEarly), input);
  expect(first).toEqual({
    consecutiveFailCount: 1,
    lastFailedVMIUID: 'vmi-uid',
    retryAfterTimestamp: '2026-01-01T00:00:10.000Z',
  });
  const vm = sampleVm({}, { startFailure: first });
  expect(nextStartFailure(vm, sampleVmi(failedEarly), input)).toBe(first);
  expect(nextStartFailure(vm, undefined, input)).toBe(first);
  expect(nextStartFailure(vm, sampleVmi(failedEarly, { uid: 'next' }), input)?.consecutiveFailCount).toBe(2);
});

test('a VMI that once ran clears the count', () => {
  const startFailure = { consecutiveFailCount: 3, lastFailedVMIUID: 'x', retryAfterTimestamp: '2026-01-01T00:00:00Z' };
  expect(nextStartFailure(sampleVm({}, { startFailure }), sampleVmi(failedLate), input)).toBeUndefined();
});

test('strategies that never restart have no start failure', () => {
  expect(nextStartFailure(sampleVm({ runStrategy: 'Manual' }), sampleVmi(failedEarly), input)).toBeUndefined();
});

test('the time scale shortens the wait on the wall clock', () => {
  const failure = nextStartFailure(sampleVm(), sampleVmi(failedEarly), { ...input, timeScale: 100 });
  expect(backoffLeftMs(failure, input.nowMs)).toBe(100);
});
