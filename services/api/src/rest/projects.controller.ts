import { pageQuerySchema, parseQuery, projectView, writeQuerySchema } from '@compute/contract';
import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ProjectService } from '../application/project-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf } from './request-body.ts';

/** The tenants. */
@Controller('v1/projects')
export class ProjectsController {
  readonly #service: ProjectService;

  constructor(service: ProjectService) {
    this.#service = service;
  }

  @Post()
  @HttpCode(201)
  async create(
    @Context() context: RequestContext,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const project = await this.#service.create(context, bodyOf(request), dryRun);
    if (dryRun) reply.status(200);
    else reply.header('location', `/v1/projects/${project.name}`);
    return projectView(project);
  }

  @Get()
  async list(@Context() context: RequestContext, @Query() query: object) {
    const { pageSize, pageToken } = parseQuery(pageQuerySchema, query);
    const page = await this.#service.list(context, pageSize, pageToken);
    return { items: page.items.map(projectView), nextPageToken: page.next ?? '' };
  }

  @Get(':project')
  async get(@Context() context: RequestContext, @Param('project') name: string) {
    return projectView(await this.#service.get(context, name));
  }
}
