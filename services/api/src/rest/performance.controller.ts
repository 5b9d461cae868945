import { parseQuery, performanceQuerySchema, performanceView } from '@compute/contract';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { PerformanceService } from '../application/performance-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { Context } from './request.ts';

/** What machines used over time. */
@Controller('v1/projects/:project/vm-instances/:name/metrics')
export class PerformanceController {
  readonly #service: PerformanceService;

  constructor(service: PerformanceService) {
    this.#service = service;
  }

  @Get()
  async range(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('name') name: string,
    @Query() query: object,
  ) {
    const { from, to, step: stepMs } = parseQuery(performanceQuerySchema, query);
    return performanceView(await this.#service.range(context, project, name, { from, to, stepMs }));
  }
}
