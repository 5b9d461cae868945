import { apiKeysQuerySchema, apiKeyView, parseQuery, writeQuerySchema } from '@compute/contract';
import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ProjectService } from '../application/project-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf } from './request-body.ts';

/** API keys. The reply to a creation is the only one that carries the secret. */
@Controller('v1/api-keys')
export class ApiKeysController {
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
    const { record, token } = await this.#service.createApiKey(context, bodyOf(request), dryRun);
    if (dryRun) reply.status(200);
    return { ...apiKeyView(record), secret: token };
  }

  @Get()
  async list(@Context() context: RequestContext, @Query() query: object) {
    const page = await this.#service.apiKeys(context, parseQuery(apiKeysQuerySchema, query));
    return { items: page.items.map(apiKeyView), nextPageToken: page.next ?? '' };
  }

  @Get(':id')
  async get(@Context() context: RequestContext, @Param('id') id: string) {
    return apiKeyView(await this.#service.apiKey(context, id));
  }

  @Delete(':id')
  @HttpCode(200)
  async revoke(@Context() context: RequestContext, @Param('id') id: string, @Query() query: object) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    return apiKeyView(await this.#service.revokeApiKey(context, id, dryRun));
  }
}
