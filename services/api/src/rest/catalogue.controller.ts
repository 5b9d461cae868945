import { catalogueQuerySchema, parseQuery, type ViewName } from '@compute/contract';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type CatalogueList, CatalogueService } from '../application/catalogue-service.ts';
import { listBody } from './replies.ts';
import { type ApiRequest, header } from './request.ts';

/** Known for this long without asking again; then one question with the tag tells whether it is still so. */
const MAX_AGE_SECONDS = 300;

/** What can be chosen. */
@Controller('v1')
export class CatalogueController {
  readonly #catalogue: CatalogueService;

  constructor(catalogue: CatalogueService) {
    this.#catalogue = catalogue;
  }

  @Get('instance-types')
  instanceTypes(@Query() query: object, @Req() request: ApiRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return page('InstanceType', this.#catalogue.instanceTypes, { query, request, reply });
  }

  @Get('instance-profiles')
  instanceProfiles(
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return page('InstanceProfile', this.#catalogue.instanceProfiles, { query, request, reply });
  }

  @Get('storage-classes')
  storageClasses(@Query() query: object, @Req() request: ApiRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return page('StorageClass', this.#catalogue.storageClasses, { query, request, reply });
  }

  @Get('images')
  images(@Query() query: object, @Req() request: ApiRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return page('Image', this.#catalogue.images, { query, request, reply });
  }
}

interface Exchange {
  readonly query: object;
  readonly request: ApiRequest;
  readonly reply: FastifyReply;
}

/** 304 without a body when the caller has it already. */
function page<T extends { readonly name: string }>(
  view: ViewName,
  list: CatalogueList<T>,
  { query, request, reply }: Exchange,
) {
  const asked = parseQuery(catalogueQuerySchema, query);
  const { items, next } = list.page(asked);
  const body = listBody(view, { items, next }, asked.fields);
  reply.header('etag', list.etag).header('cache-control', `private, max-age=${MAX_AGE_SECONDS}`);
  if (!isFresh(header(request, 'if-none-match'), list.etag)) return body;
  reply.status(304);
  return undefined;
}

function isFresh(given: string | undefined, etag: string): boolean {
  const tags = given?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags?.some((tag) => tag === etag || tag === '*') ?? false;
}
