import { operationQuerySchema, operationsQuerySchema, operationView, parseQuery } from '@compute/contract';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { OperationService } from '../application/operation-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { Context } from './request.ts';
import { StreamSettings } from './stream-settings.ts';

/** Whether what was asked for is done. `?wait=30s` waits for it. */
@Controller('v1/operations')
export class OperationsController {
  readonly #service: OperationService;

  readonly #settings: StreamSettings;

  constructor(service: OperationService, settings: StreamSettings) {
    this.#service = service;
    this.#settings = settings;
  }

  @Get()
  async list(@Context() context: RequestContext, @Query() query: object) {
    const page = await this.#service.list(context, parseQuery(operationsQuerySchema, query));
    return { items: page.items.map(operationView), nextPageToken: page.next ?? '' };
  }

  @Get(':id')
  async get(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { wait } = parseQuery(operationQuerySchema, query);
    const { streams } = this.#settings;
    const waiting = streams.open('rest', false);
    reply.raw.once('close', () => waiting.abort());
    try {
      return operationView(await this.#service.get(context, id, wait * 1_000, waiting.signal));
    } finally {
      waiting.done();
    }
  }
}
