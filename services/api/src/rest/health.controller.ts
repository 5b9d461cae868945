/** For machines that look after this one: alive, ready, measured. */
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiObservation } from '../api-observation.ts';
import { Public } from './request.ts';

@Controller()
@Public()
export class HealthController {
  readonly #observation: ApiObservation;

  constructor(observation: ApiObservation) {
    this.#observation = observation;
  }

  @Get('healthz')
  live() {
    return this.#observation.health.live();
  }

  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const readiness = await this.#observation.health.ready();
    reply.status(readiness.ready ? 200 : 503);
    return readiness;
  }

  @Get('metrics')
  async metrics(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('content-type', this.#observation.metrics.contentType);
    return this.#observation.metrics.render();
  }
}
