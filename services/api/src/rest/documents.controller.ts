/** The documents of the API: OpenAPI, a readable page made of it, and a page for each error code. No outside assets. */
import { ERROR_CATALOGUE, HTTP_STATUS, openApiDocument } from '@compute/contract';
import { FAILURE_CATALOGUE, FAULT_CODES, Fault } from '@compute/domain';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { apiPage } from './pages/api-page.ts';
import { errorPage, failurePage } from './pages/error-page.ts';
import { Public } from './request.ts';

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

@Controller()
@Public()
export class DocumentsController {
  /** The same for as long as the process lives. */
  readonly #document = openApiDocument();
  readonly #openApiJson = `${JSON.stringify(this.#document, undefined, 1)}\n`;
  readonly #page = apiPage(this.#document);

  @Get('openapi.json')
  openApi(@Res({ passthrough: true }) reply: FastifyReply) {
    // One document, whatever a client accepts: the serializer of another format would wrap the text.
    reply.header('content-type', 'application/json; charset=utf-8').serializer(asItIs);
    return this.#openApiJson;
  }

  @Get('docs')
  docs(@Res({ passthrough: true }) reply: FastifyReply) {
    return html(reply, this.#page);
  }

  @Get('errors')
  errors() {
    const items = FAULT_CODES.map((code) => ({
      code,
      status: HTTP_STATUS[code],
      ...ERROR_CATALOGUE[code],
      page: `/errors/${code}`,
    }));
    const failures = FAILURE_CATALOGUE.map((failure) => ({ ...failure, page: `/errors/${failure.code}` }));
    return { items, failures, nextPageToken: '' };
  }

  @Get('errors/:code')
  error(@Param('code') code: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const known = FAULT_CODES.find((candidate) => candidate === code);
    if (known) return html(reply, errorPage(known));
    const failure = FAILURE_CATALOGUE.find((candidate) => candidate.code === code);
    if (!failure) throw new Fault('NotFound', 'There is no error of that code.');
    return html(reply, failurePage(failure));
  }
}

const asItIs = (text: string): string => text;

function html(reply: FastifyReply, page: string): string {
  reply.header('content-type', 'text/html; charset=utf-8').serializer(asItIs);
  reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
  return page;
}
