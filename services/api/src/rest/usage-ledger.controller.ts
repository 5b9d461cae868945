/** The ledger behind the usage feed: named readers, exports and their proofs, corrections, the audit. */
import { Readable } from 'node:stream';
import {
  ackUsageSchema,
  CSV_COLUMNS,
  parseBody,
  parseQuery,
  usageAuditView,
  usageCheckpointsQuerySchema,
  usageCheckpointView,
  usageConsumerQuerySchema,
  usageExportQuerySchema,
  usageSpanQuerySchema,
} from '@compute/contract';
import { Fault } from '@compute/domain';
import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '../application/request-context.ts';
import { UsageLedgerService } from '../application/usage-ledger-service.ts';
import { type ApiRequest, Context } from './request.ts';
import { bodyOf } from './request-body.ts';

const CONTENT_TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const;

@Controller('v1')
export class UsageLedgerController {
  readonly #service: UsageLedgerService;

  constructor(service: UsageLedgerService) {
    this.#service = service;
  }

  @Get('usage/consumers')
  async consumers(@Context() context: RequestContext, @Query() query: object) {
    const { project } = parseQuery(usageConsumerQuerySchema, query);
    return { items: await this.#service.consumers(context, project), nextPageToken: '' };
  }

  @Get('usage/consumers/:name')
  consumer(@Context() context: RequestContext, @Param('name') name: string, @Query() query: object) {
    return this.#service.consumer(context, parseQuery(usageConsumerQuerySchema, query).project, name);
  }

  /** `…/{name}:ack`. */
  @Post('usage/consumers/:target')
  @HttpCode(200)
  acknowledge(
    @Context() context: RequestContext,
    @Param('target') target: string,
    @Query() query: object,
    @Req() request: ApiRequest,
  ) {
    const name = nameOf(target, 'ack');
    const { project } = parseQuery(usageConsumerQuerySchema, query);
    return this.#service.acknowledge(context, project, name, parseBody(ackUsageSchema, bodyOf(request)));
  }

  @Delete('usage/consumers/:name')
  @HttpCode(200)
  remove(@Context() context: RequestContext, @Param('name') name: string, @Query() query: object) {
    return this.#service.removeConsumer(context, parseQuery(usageConsumerQuerySchema, query).project, name);
  }

  @Get('usage/keys')
  keys(@Context() context: RequestContext) {
    return this.#service.keys(context);
  }

  /** `…/{id}:correct`. */
  @Post('usage/events/:target')
  @HttpCode(200)
  correct(@Context() context: RequestContext, @Param('target') target: string) {
    return this.#service.correct(context, nameOf(target, 'correct'));
  }

  @Get('projects/:project/usage/export')
  async export(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const { format, ...span } = parseQuery(usageExportQuerySchema, query);
    const exported = await this.#service.export(context, project, span);
    const name = `usage-${project}-${dayOf(exported.from)}-${dayOf(exported.to)}.${format}`;
    reply
      .header('content-type', CONTENT_TYPES[format])
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('usage-events', String(exported.count));
    const header = format === 'csv' ? [`${CSV_COLUMNS.join(',')}\n`] : [];
    return Readable.from(joined(header, exported.lines(format)), { objectMode: false });
  }

  @Get('projects/:project/usage/manifest')
  manifest(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    return this.#service.manifest(context, project, parseQuery(usageSpanQuerySchema, query));
  }

  @Get('projects/:project/usage/checkpoints')
  async checkpoints(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const page = await this.#service.checkpoints(context, project, parseQuery(usageCheckpointsQuerySchema, query));
    return { items: page.items.map(usageCheckpointView), nextPageToken: page.next ?? '' };
  }

  @Get('projects/:project/usage/audit')
  async audit(@Context() context: RequestContext, @Param('project') project: string) {
    return usageAuditView(await this.#service.audit(context, project));
  }
}

/** The name before the verb of `{name}:{verb}`. */
function nameOf(target: string, verb: string): string {
  const [name = '', given = ''] = target.split(':', 2);
  if (given === verb) return name;
  throw new Fault('NotFound', `There is no such action. There is: ${verb}.`);
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

async function* joined(first: readonly string[], rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield* first;
  yield* rest;
}
