import { FAULT_CODES, Fault } from '@compute/domain';
import { expect, it } from 'vitest';
import { faultOf } from '../rules/verdict-fault.ts';
import { ERROR_CATALOGUE } from './error-catalogue.ts';
import { errorReason, fieldPathOf, GRPC_CODES, GRPC_STATUS } from './grpc-status.ts';
import { HTTP_STATUS, httpStatusOf, problemOf, retryAfterSeconds } from './http-problem.ts';

it('says of every code what it means on each face', () => {
  for (const code of FAULT_CODES) {
    expect(HTTP_STATUS[code], code).toBeGreaterThanOrEqual(400);
    expect(GRPC_CODES[GRPC_STATUS[code]], code).toBeGreaterThan(0);
    expect(
      Object.values(ERROR_CATALOGUE[code]).every((text) => text.length > 10),
      code,
    ).toBe(true);
  }
});

it('tells a request that is not understood from one whose fields are wrong', () => {
  expect(httpStatusOf(new Fault('InvalidArgument', 'x'))).toBe(400);
  expect(httpStatusOf(faultOf([{ pointer: '/a', code: 'required', message: 'x' }]))).toBe(422);
});

it('names the fault after its problems when they are of one sort', () => {
  const problem = (code: string) => ({ pointer: '/a', code, message: 'm' });
  const code = (...codes: string[]) => faultOf(codes.map(problem)).code;
  expect([code('unknown_field'), code('immutable', 'shrink'), code('immutable', 'required')]).toEqual([
    'UnknownField',
    'ImmutableField',
    'InvalidArgument',
  ]);
});

it('says nothing of an internal fault but its request', () => {
  const problem = problemOf(new Fault('Internal', 'password=hunter2', {}, new Error('secret')), {
    instance: '/x',
    requestId: 'r',
  });
  expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
  expect(problem).toMatchObject({ status: 500, requestId: 'r' });
});

it('carries the numbers of a quota and when to come again', () => {
  const quota = { metric: 'vcpus', scope: 'series:U', limit: 4, used: 3, requested: 2, remaining: 1 } as const;
  expect(problemOf(new Fault('QuotaExceeded', 'x', { quota }), { instance: '/', requestId: 'r' })).toMatchObject({
    status: 403,
    quota,
  });
  expect(retryAfterSeconds(new Fault('RateLimited', 'x', { retryAfterMs: 1_200 }))).toBe(2);
  expect(retryAfterSeconds(new Fault('NotFound', 'x'))).toBeUndefined();
});

it('writes reasons and field paths as gRPC wants them', () => {
  expect(errorReason('QuotaExceeded')).toBe('QUOTA_EXCEEDED');
  expect(fieldPathOf('/spec/externalPorts/0', 'vm_instance')).toBe('vm_instance.spec.external_ports[0]');
  expect(fieldPathOf('/pageToken', '')).toBe('page_token');
});
