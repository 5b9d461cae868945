import { Fault } from '@compute/domain';
import { expect, it } from 'vitest';
import { Admission } from './admission.ts';
import type { Authenticator } from './authenticator.ts';
import { rateHeaders, refuseTooMany } from './rate-limits.ts';
import type { Caller } from './request-context.ts';

const caller = (id: string): Caller => ({ actor: { type: 'user', id }, provesProject: true, scopes: ['read'] });

function admissionWith(settings: Partial<ConstructorParameters<typeof Admission>[1]> = {}) {
  let looks = 0;
  const clock = { nowMs: 0 };
  const authenticator = {
    authenticate: async (header: string | undefined) => {
      looks += 1;
      if (header === 'Bearer good') return caller('key:good');
      throw new Fault('Unauthenticated', 'no');
    },
  } as Authenticator;
  const limits = { readsPerMinute: 0, writesPerMinute: 0, watchesPerMinute: 0, refusalsPerMinute: 0, ...settings };
  const admission = new Admission(authenticator, limits, () => clock.nowMs);
  const knock = (token: string | undefined, address = '192.0.2.1') =>
    admission.authenticate(token === undefined ? undefined : `Bearer ${token}`, address).then(
      () => 'in',
      (fault: Fault) => fault.code,
    );
  return { admission, clock, knock, looks: () => looks };
}

it('an address that guesses has to wait, and no key is looked up for it meanwhile', async () => {
  const { knock, clock, looks } = admissionWith({ refusalsPerMinute: 3 });
  for (const guess of ['a', 'b', 'c']) expect(await knock(guess)).toBe('Unauthenticated');
  const before = looks();
  expect(await knock('d')).toBe('RateLimited');
  expect(looks()).toBe(before);
  expect(await knock('e', '192.0.2.2')).toBe('Unauthenticated');
  clock.nowMs += 20_000;
  expect(await knock('d')).toBe('Unauthenticated');
  expect(await knock('d')).toBe('RateLimited');
});

it('a guessing neighbour locks nobody out whose key has opened before', async () => {
  const { knock } = admissionWith({ refusalsPerMinute: 1 });
  expect(await knock('good')).toBe('in');
  expect(await knock('bad')).toBe('Unauthenticated');
  expect(await knock('bad')).toBe('RateLimited');
  expect(await knock('good')).toBe('in');
});

it('asking without any key is no guess', async () => {
  const { knock } = admissionWith({ refusalsPerMinute: 1 });
  for (let n = 0; n < 5; n += 1) expect(await knock(undefined)).toBe('Unauthenticated');
});

it('kinds of requests and callers have buckets of their own', () => {
  const { admission } = admissionWith({ readsPerMinute: 1, writesPerMinute: 1 });
  const [a, b] = [caller('a'), caller('b')];
  expect(admission.charge(a, 'read')).toMatchObject({ allowed: true, remaining: 0 });
  expect(admission.charge(a, 'read')).toMatchObject({ allowed: false, nextMs: 60_000 });
  expect(admission.charge(a, 'write')).toMatchObject({ allowed: true });
  expect(admission.charge(b, 'read')).toMatchObject({ allowed: true });
  expect(admission.charge(a, 'watch')).toBeUndefined();
});

it('the headers say policy and what is left, as structured fields', () => {
  const { admission } = admissionWith({ readsPerMinute: 120 });
  expect(rateHeaders(admission.charge(caller('a'), 'read'))).toEqual([
    ['ratelimit-policy', '"read";q=120;w=60'],
    ['ratelimit', '"read";r=119;t=1'],
  ]);
  expect(rateHeaders(undefined)).toEqual([]);
});

it('one too many is refused with when to come again', () => {
  const { admission } = admissionWith({ writesPerMinute: 60 });
  for (let n = 0; n < 60; n += 1) refuseTooMany(admission.charge(caller('a'), 'write'));
  expect(() => refuseTooMany(admission.charge(caller('a'), 'write'))).toThrow(
    expect.objectContaining({ code: 'RateLimited', details: { retryAfterMs: 1_000 } }),
  );
});
