import { parseQuery, writeQuerySchema } from '@compute/contract';
import { Controller, Get, Param, Put, Query, Req } from '@nestjs/common';
import { QuotaService } from '../application/quota-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf } from './request-body.ts';

/** Limits and use of a project. */
@Controller('v1/projects/:project/quota')
export class QuotaController {
  readonly #service: QuotaService;

  constructor(service: QuotaService) {
    this.#service = service;
  }

  @Get()
  get(@Context() context: RequestContext, @Param('project') project: string) {
    return this.#service.get(context, project);
  }

  @Put()
  set(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    return this.#service.set(context, project, bodyOf(request), dryRun);
  }
}
