import {
  apiKeysQuerySchema,
  pageQuerySchema,
  parseQuery,
  webhookDeliveryView,
  webhookView,
  writeQuerySchema,
} from '@compute/contract';
import type { WebhookWithSecret } from '@compute/store';
import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '../application/request-context.ts';
import { WebhookService } from '../application/webhook-service.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf, sentBody } from './request-body.ts';

const dryRunOf = (query: object): boolean => parseQuery(writeQuerySchema, query).dryRun;
const withSecret = ({ record, secret }: WebhookWithSecret) => ({ ...webhookView(record), secret });

/** Subscribers that are told of events. */
@Controller('v1/webhooks')
export class WebhooksController {
  readonly #service: WebhookService;

  constructor(service: WebhookService) {
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
    const dryRun = dryRunOf(query);
    const made = await this.#service.create(context, bodyOf(request), dryRun);
    if (dryRun) reply.status(200);
    return withSecret(made);
  }

  @Get()
  async list(@Context() context: RequestContext, @Query() query: object) {
    const page = await this.#service.list(context, parseQuery(apiKeysQuerySchema, query));
    return { items: page.items.map(webhookView), nextPageToken: page.next ?? '' };
  }

  @Get(':id')
  async get(@Context() context: RequestContext, @Param('id') id: string) {
    return webhookView(await this.#service.get(context, id));
  }

  @Patch(':id')
  async update(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    return webhookView(await this.#service.update(context, id, bodyOf(request), dryRunOf(query)));
  }

  @Delete(':id')
  async remove(@Context() context: RequestContext, @Param('id') id: string, @Query() query: object) {
    return webhookView(await this.#service.remove(context, id, dryRunOf(query)));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    return withSecret(await this.#service.rotate(context, id, sentBody(request) ?? {}, dryRunOf(query)));
  }

  @Post(':id/replay')
  @HttpCode(200)
  async replay(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    return webhookView(await this.#service.replay(context, id, bodyOf(request), dryRunOf(query)));
  }

  @Post(':id/redeliver')
  @HttpCode(200)
  async redeliver(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    return webhookView(await this.#service.redeliver(context, id, bodyOf(request), dryRunOf(query)));
  }

  @Get(':id/deliveries')
  async deliveries(@Context() context: RequestContext, @Param('id') id: string, @Query() query: object) {
    const page = await this.#service.deliveries(context, id, parseQuery(pageQuerySchema, query));
    return { items: page.items.map(webhookDeliveryView), nextPageToken: page.next ?? '' };
  }
}
