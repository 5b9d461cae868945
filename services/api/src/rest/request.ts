/** What this face hangs on a Fastify request, and the decorators that hand it to controllers. */

import type { Span } from '@compute/runtime';
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { RequestContext, WriteOptions } from '../application/request-context.ts';

export interface ApiRequest extends FastifyRequest {
  /** Set by the guard; absent on public routes. */
  apiContext?: RequestContext;
  /** The trace of this request, set when it comes in. */
  traceparent?: string;
  /** Ends with the answer. */
  span?: Span;
  /** Where a field stands in a YAML body. */
  lineOf?: (pointer: string) => number | undefined;
}

const PUBLIC = Symbol('public');

/** A route that needs no API key. */
export const Public = () => SetMetadata(PUBLIC, true);
export const isPublic = (handler: object, controller: object): boolean =>
  Reflect.getMetadata(PUBLIC, handler) === true || Reflect.getMetadata(PUBLIC, controller) === true;

/** The context that the guard made. */
export const Context = createParamDecorator((_data: unknown, host: ExecutionContext): RequestContext => {
  const { apiContext } = host.switchToHttp().getRequest<ApiRequest>();
  if (!apiContext) throw new Error('A route without authentication asked for its caller.');
  return apiContext;
});

/** What the headers of a request that changes something say. */
export function writeOptions(request: ApiRequest, dryRun: boolean): WriteOptions {
  const ifMatch = header(request, 'if-match');
  const idempotencyKey = header(request, 'idempotency-key');
  return {
    dryRun,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

export function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
