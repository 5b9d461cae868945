/** Lets nobody in whose API key is not known, except on routes that say they are public. */
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Authenticator } from '../application/authenticator.ts';
import { type ApiRequest, isPublic } from './request.ts';

@Injectable()
export class AuthGuard implements CanActivate {
  readonly #authenticator: Authenticator;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  async canActivate(host: ExecutionContext): Promise<boolean> {
    if (isPublic(host.getHandler(), host.getClass())) return true;
    const request = host.switchToHttp().getRequest<ApiRequest>();
    const caller = await this.#authenticator.authenticate(request.headers.authorization);
    const { traceparent } = request;
    request.apiContext = { caller, requestId: request.id, ...(traceparent === undefined ? {} : { traceparent }) };
    return true;
  }
}
