import { Fault } from '@compute/domain';
import { KubeError } from '@compute/kube-client';
import { expect, test } from 'vitest';
import { classifyActionFailure } from './action-failure.ts';

const answer = (status: number, message: string, retryAfterMs?: number): KubeError =>
  new KubeError({ status, reason: 'x', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test.each([
  ['no answer', answer(0, 'connect ECONNREFUSED'), 'ClusterUnreachable'],
  ['a conflict', answer(409, 'conflict'), 'Cluster409'],
  ['the server’s own trouble', answer(503, 'busy'), 'Cluster503'],
  ['missing permissions of the worker', answer(403, 'User "w" cannot patch resource "vms"'), 'Cluster403'],
  ['a namespace that is going away', answer(403, 'unable to create: it is being terminated'), 'Cluster403'],
  ['an error nobody foresaw', new TypeError('x'), 'Internal'],
])('%s is tried again', (_case, error, code) => {
  expect(classifyActionFailure(error)).toEqual({ kind: 'retry', code });
});

test('a server that names a time is waited for', () => {
  const failure = classifyActionFailure(answer(429, 'slow down', 3_000));
  expect(failure).toEqual({ kind: 'retry', code: 'Cluster429', retryAfterMs: 3_000 });
});

test('admission’s answer is a refusal, told in its own words without the name of the webhook', () => {
  const error = answer(422, 'admission webhook "vm-validator.kubevirt.io" denied the request: spec.template is wrong');
  expect(classifyActionFailure(error)).toEqual({ kind: 'refused', message: 'spec.template is wrong' });
});

test('a quota of the cluster is a refusal', () => {
  expect(classifyActionFailure(answer(403, 'exceeded quota: pods')).kind).toBe('refused');
});

test('a spec that cannot be rendered is a refusal', () => {
  const failure = classifyActionFailure(new Fault('InvalidArgument', "There is no image 'x'."));
  expect(failure).toEqual({ kind: 'refused', message: "There is no image 'x'." });
});

test('an endless message is cut', () => {
  const failure = classifyActionFailure(answer(422, 'x'.repeat(5_000)));
  expect(failure.kind === 'refused' && failure.message.length).toBe(500);
});
