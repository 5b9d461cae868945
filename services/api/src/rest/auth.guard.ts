/**
 * Lets nobody in whose key or token is not known, or who asks too often, except on routes that say they are public.
 * Opening a stream counts as one: which routes give streams is in the contract's table.
 */
import { ENDPOINTS } from '@compute/contract';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Admission } from '../application/admission.ts';
import { type RateClass, rateHeaders, refuseTooMany } from '../application/rate-limits.ts';
import type { AddressOf } from '../client-address.ts';
import { type ApiRequest, header, isPublic } from './request.ts';

const STREAMS = new Set(
  ENDPOINTS.filter(({ success }) => success.shape === 'EventStream').map(({ path }) =>
    path.replace(/\{(\w+)\}/g, ':$1'),
  ),
);

@Injectable()
export class AuthGuard implements CanActivate {
  readonly #admission: Admission;
  readonly #addressOf: AddressOf;

  constructor(admission: Admission, addressOf: AddressOf) {
    this.#admission = admission;
    this.#addressOf = addressOf;
  }

  async canActivate(host: ExecutionContext): Promise<boolean> {
    if (isPublic(host.getHandler(), host.getClass())) return true;
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const reply = http.getResponse<FastifyReply>();
    const address = this.#addressOf(request.socket.remoteAddress, header(request, 'x-forwarded-for'));
    const origin = { face: 'rest', address } as const;
    const caller = await this.#admission.authenticate(request.headers.authorization, address);
    const { traceparent } = request;
    request.apiContext = {
      caller,
      requestId: request.id,
      origin,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const rate = this.#admission.charge(caller, classOf(request));
    for (const [name, value] of rateHeaders(rate)) reply.header(name, value);
    refuseTooMany(rate);
    return true;
  }
}

function classOf({ method, routeOptions }: ApiRequest): RateClass {
  if (STREAMS.has(routeOptions.url ?? '')) return 'watch';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
