/** What operators and machines ask the process itself: does it live, may it get work, what does it count. */

import { HealthRegistry, type Readiness } from '@compute/runtime';
import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

export const METRICS_PAGE = Symbol('metrics page');

/** The text of /metrics in Prometheus' format. */
export interface MetricsPage {
  render(): Promise<string>;
}

@Controller()
export class ObservabilityController {
  readonly #health: HealthRegistry;
  readonly #page: MetricsPage;

  constructor(health: HealthRegistry, @Inject(METRICS_PAGE) page: MetricsPage) {
    this.#health = health;
    this.#page = page;
  }

  @Get('healthz')
  live(): { status: 'ok'; uptimeSeconds: number } {
    return this.#health.live();
  }

  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.#health.ready();
    reply.status(readiness.ready ? 200 : 503);
    return readiness;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.#page.render();
  }
}
