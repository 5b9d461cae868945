import {
  parseQuery,
  quotaClaimsQuerySchema,
  quotaEventView,
  quotaHistoryQuerySchema,
  quotaHolderView,
  writeQuerySchema,
} from '@compute/contract';
import { Controller, Get, HttpCode, Param, Post, Put, Query, Req } from '@nestjs/common';
import { QuotaService } from '../application/quota-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf, givenDocumentsOf } from './request-body.ts';

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

  @Get('claims')
  async claims(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const page = await this.#service.claims(context, { project, ...parseQuery(quotaClaimsQuerySchema, query) });
    return { items: page.items.map(quotaHolderView), nextPageToken: page.next ?? '' };
  }

  @Get('history')
  async history(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const page = await this.#service.history(context, { project, ...parseQuery(quotaHistoryQuerySchema, query) });
    return { items: page.items.map(quotaEventView), nextPageToken: page.next ?? '' };
  }

  @Post('simulate')
  @HttpCode(200)
  simulate(@Context() context: RequestContext, @Param('project') project: string, @Req() request: ApiRequest) {
    return this.#service.simulate(context, project, givenDocumentsOf(request));
  }
}

/** All counters of the platform. */
@Controller('v1/quota')
export class QuotaRecountController {
  readonly #service: QuotaService;

  constructor(service: QuotaService) {
    this.#service = service;
  }

  @Post('recount')
  @HttpCode(200)
  recount(@Context() context: RequestContext, @Query() query: object) {
    return this.#service.recount(context, parseQuery(writeQuerySchema, query).dryRun);
  }
}
