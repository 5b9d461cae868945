/** The methods that every kind has over REST. Nothing here decides anything. */
import { deleteQuerySchema, listQuerySchema, parseQuery, readQuerySchema, writeQuerySchema } from '@compute/contract';
import { Fault, type Kind } from '@compute/domain';
import { Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext, WriteOptions } from '../application/request-context.ts';
import type { Accepted, ResourceService } from '../application/resource-service.ts';
import { viewFor } from '../application/view-for.ts';
import { listBody, picker, replyAccepted, replyWith } from './replies.ts';
import { type ApiRequest, Context, writeOptions } from './request.ts';
import { objectOf, sentBody } from './request-body.ts';

/** `POST …/{name}:{verb}`. */
export type Action<K extends Kind> = (
  context: RequestContext,
  project: string,
  name: string,
  options: WriteOptions,
  /** The body; undefined when none was sent. */
  sent: unknown,
) => Promise<Accepted<K>>;

export abstract class ResourceController<K extends Kind> {
  protected abstract readonly service: ResourceService<K>;
  protected abstract readonly actions: Readonly<Record<string, Action<K>>>;

  @Post()
  @HttpCode(201)
  async create(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const accepted = await this.service.create(context, project, objectOf(request), writeOptions(request, dryRun));
    return replyAccepted(reply, this.service.kind, accepted);
  }

  @Get()
  async list(@Context() context: RequestContext, @Param('project') project: string, @Query() query: object) {
    const { kind } = this.service;
    const asked = parseQuery(listQuerySchema, query);
    const page = await this.service.list(context, project, asked);
    const view = viewFor(context);
    const items = page.items.map((row) => view(kind, row));
    return listBody(kind, { items, next: page.nextPageToken }, asked.fields);
  }

  @Get(':name')
  async get(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('name') name: string,
    @Query() query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { kind } = this.service;
    const { fields, asOf } = parseQuery(readQuerySchema, query);
    const pick = picker(kind, fields);
    const resource = await this.service.get(context, project, name, asOf);
    const view = viewFor(context);
    // No edit can be made of the past.
    return pick(asOf ? view(kind, resource) : replyWith(reply, kind, resource, view));
  }

  @Patch(':name')
  @HttpCode(202)
  async patch(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('name') name: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const accepted = await this.service.patch(context, project, name, objectOf(request), writeOptions(request, dryRun));
    return replyAccepted(reply, this.service.kind, accepted);
  }

  @Put(':name')
  @HttpCode(202)
  async replace(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('name') name: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const accepted = await this.service.replace(
      context,
      project,
      name,
      objectOf(request),
      writeOptions(request, dryRun),
    );
    return replyAccepted(reply, this.service.kind, accepted);
  }

  @Delete(':name')
  @HttpCode(202)
  async delete(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('name') name: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun, withDisks } = parseQuery(deleteQuerySchema, query);
    const options = { ...writeOptions(request, dryRun), withDisks };
    return replyAccepted(reply, this.service.kind, await this.service.delete(context, project, name, options));
  }

  @Post(':target')
  @HttpCode(202)
  async act(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Param('target') target: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { dryRun } = parseQuery(writeQuerySchema, query);
    const [name = '', verb = ''] = target.split(':', 2);
    const action = Object.hasOwn(this.actions, verb) ? this.actions[verb] : undefined;
    if (!action)
      throw new Fault('NotFound', `There is no such action. There are: ${Object.keys(this.actions).join(', ')}.`);
    const accepted = await action(context, project, name, writeOptions(request, dryRun), sentBody(request));
    return replyAccepted(reply, this.service.kind, accepted);
  }
}
