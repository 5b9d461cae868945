import { KubeError } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from './action-outcome.ts';

const failing = (status: number, reason: string, more: object = {}) =>
  outcomeOf(() => Promise.reject(new KubeError({ status, reason, message: 'what the cluster says', ...more })));

describe('the outcome of an action', () => {
  it('is done when nothing is thrown', async () => {
    expect(await outcomeOf(async () => undefined)).toEqual({ result: 'done' });
  });

  it.each([
    [0, 'Unreachable'],
    [401, 'Unauthorized'],
    [404, 'NotFound'],
    [409, 'Conflict'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('is a retry after %d %s', async (status, reason) => {
    expect(await failing(status, reason)).toEqual({ result: 'retry', reason, message: 'what the cluster says' });
  });

  it('names the time that the cluster asked for', async () => {
    expect(await failing(429, 'TooManyRequests', { retryAfterMs: 2_000 })).toMatchObject({ retryAfterMs: 2_000 });
  });

  it.each([
    [400, 'BadRequest'],
    [403, 'Forbidden'],
    [422, 'Invalid'],
  ])('is a refusal with the cluster’s own words after %d %s', async (status, reason) => {
    expect(await failing(status, reason)).toEqual({ result: 'refused', reason, message: 'what the cluster says' });
  });

  it('is a retry while a namespace is going, although that is a 403 too', async () => {
    const details = { causes: [{ reason: 'NamespaceTerminating' }] };
    expect(await failing(403, 'Forbidden', { details })).toMatchObject({ result: 'retry' });
  });

  it('is no outcome at all when the fault is ours', async () => {
    await expect(outcomeOf(() => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug');
  });
});
