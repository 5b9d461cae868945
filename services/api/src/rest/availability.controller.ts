import { availabilityQuerySchema, availabilityView, parseQuery } from '@compute/contract';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { AvailabilityService } from '../application/availability-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { Context } from './request.ts';

/** How long resources were in which state, and what that says. */
@Controller('v1/projects/:project/availability')
export class AvailabilityController {
  readonly #service: AvailabilityService;

  constructor(service: AvailabilityService) {
    this.#service = service;
  }

  @Get()
  async report(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const asked = parseQuery(availabilityQuerySchema, query);
    return availabilityView(await this.#service.report(context, { project, ...asked }));
  }
}
