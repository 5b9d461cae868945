import {
  operationQuerySchema,
  operationsQuerySchema,
  operationView,
  parseQuery,
  writeQuerySchema,
} from '@compute/contract';
import { Fault, type Operation } from '@compute/domain';
import { Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { OperationService } from '../application/operation-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { listBody } from './replies.ts';
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
    const asked = parseQuery(operationsQuerySchema, query);
    const page = await this.#service.list(context, asked);
    const items = page.items.map((operation) => operationView(operation));
    return listBody('Operation', { items, next: page.next }, asked.fields);
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
      return await this.#shown(await this.#service.get(context, id, wait * 1_000, waiting.signal));
    } finally {
      waiting.done();
    }
  }

  @Post(':target')
  async act(
    @Context() context: RequestContext,
    @Param('target') target: string,
    @Query() query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const [id = '', verb] = target.split(':', 2);
    if (verb !== 'cancel') throw new Fault('NotFound', 'There is no such action. There are: cancel.');
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const operation = await this.#service.cancel(context, id, dryRun);
    reply.status(operation.doneAt || dryRun ? 200 : 202);
    return this.#shown(operation);
  }

  async #shown(operation: Operation) {
    return operationView(operation, await this.#service.details(operation));
  }
}
