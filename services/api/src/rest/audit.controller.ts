import { auditEntryView, auditQuerySchema, parseQuery } from '@compute/contract';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { AuditService } from '../application/audit-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { Context } from './request.ts';

/** Who changed what, newest first. */
@Controller('v1')
export class AuditController {
  readonly #service: AuditService;

  constructor(service: AuditService) {
    this.#service = service;
  }

  @Get('projects/:project/audit')
  ofProject(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    return this.#list(context, project, query);
  }

  @Get('audit')
  ofPlatform(@Context() context: RequestContext, @Query() query: object) {
    return this.#list(context, undefined, query);
  }

  async #list(context: RequestContext, project: string | undefined, query: object) {
    const page = await this.#service.list(context, { project, ...parseQuery(auditQuerySchema, query) });
    return { items: page.items.map(auditEntryView), nextPageToken: page.next ?? '' };
  }
}
