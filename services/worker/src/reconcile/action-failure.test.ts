import { Fault } from '@compute/domain';
import { expect, test } from 'vitest';
import { failureOfError, failureOfOutcome } from './action-failure.ts';

const refused = (message: string) => failureOfOutcome({ result: 'refused', reason: 'Forbidden', message });

test('what the cluster calls temporary is tried again, not earlier than it says', () => {
  const outcome = { result: 'retry', reason: 'ServerTimeout', message: 'slow', retryAfterMs: 3_000 } as const;
  expect(failureOfOutcome(outcome)).toEqual({ kind: 'retry', code: 'ServerTimeout', retryAfterMs: 3_000 });
});

test('a cluster that has too much to do is busy, not broken', () => {
  const outcome = { result: 'retry', reason: 'TooManyRequests', message: 'slow down' } as const;
  expect(failureOfOutcome(outcome)).toEqual({ kind: 'busy', afterMs: 1_000 });
  expect(failureOfOutcome({ ...outcome, retryAfterMs: 3_000 })).toEqual({ kind: 'busy', afterMs: 3_000 });
});

test('missing permissions of the worker are no refusal of the spec', () => {
  expect(refused('User "w" cannot patch resource "virtualmachines"')).toEqual({ kind: 'retry', code: 'Forbidden' });
});

test('admission’s answer is told in its own words without the name of the webhook', () => {
  const failure = refused('admission webhook "vm-validator.kubevirt.io" denied the request: spec.template is wrong');
  expect(failure).toEqual({ kind: 'refused', message: 'spec.template is wrong' });
});

test('an endless message is cut', () => {
  const failure = refused('x'.repeat(5_000));
  expect(failure.kind === 'refused' && failure.message.length).toBe(500);
});

test('a spec that cannot be rendered is refused', () => {
  const failure = failureOfError(new Fault('InvalidArgument', "There is no image 'x'."));
  expect(failure).toEqual({ kind: 'refused', message: "There is no image 'x'." });
});

test('an error that nobody foresaw is tried again', () => {
  expect(failureOfError(new TypeError('x'))).toEqual({ kind: 'retry', code: 'Internal' });
  expect(failureOfError(new Fault('Unavailable', 'database away'))).toEqual({ kind: 'retry', code: 'Unavailable' });
});
