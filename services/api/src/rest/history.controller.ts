import { historyQuerySchema, parseQuery, transitionView } from '@compute/contract';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { HistoryService } from '../application/history-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { Context } from './request.ts';

/** What happened, newest first. */
@Controller('v1/projects/:project/history')
export class HistoryController {
  readonly #service: HistoryService;

  constructor(service: HistoryService) {
    this.#service = service;
  }

  @Get()
  async list(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const page = await this.#service.list(context, { project, ...parseQuery(historyQuerySchema, query) });
    return { items: page.items.map(transitionView), nextPageToken: page.next ?? '' };
  }
}
