/** Many manifests in one request. */
import { etagOf, manifestsQuerySchema, parseQuery, problemError, viewOfAny } from '@compute/contract';
import type { Warning } from '@compute/domain';
import { Controller, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { faultsIn, refusalOf, refusalStatus } from '../application/manifest-refusal.ts';
import { type ManifestResult, ManifestService, type ManifestsApplied } from '../application/manifest-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { problemFor, sendProblem, withLine } from './problem.filter.ts';
import { pathOfOperation, pathOfResource } from './replies.ts';
import { type ApiRequest, Context, writeOptions } from './request.ts';
import { givenDocumentsOf } from './request-body.ts';

@Controller('v1/projects/:project/manifests')
export class ManifestsController {
  readonly #service: ManifestService;

  constructor(service: ManifestService) {
    this.#service = service;
  }

  @Post()
  async apply(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { dryRun, partial } = parseQuery(manifestsQuerySchema, query);
    const options = { ...writeOptions(request, dryRun), partial };
    const applied = await this.#service.apply(context, project, givenDocumentsOf(request), options);
    const items = applied.results.map((result, index) => itemOf(result, index));
    const faults = faultsIn(applied.results);
    const quota = dryRun ? { quota: applied.quota } : {};
    if (items.length > 0 && applied.results.every(({ replayed }) => replayed))
      reply.header('idempotency-replayed', 'true');
    if (faults.length === 0) {
      await reply.status(200).send({ items, dryRun, ...quota });
      return;
    }
    if (partial) {
      await reply.status(207).send({ items, dryRun, ...quota });
      return;
    }
    this.#refuse(request, reply, applied, items);
  }

  /** Nothing was stored: one problem document with every error of every document. */
  #refuse(request: ApiRequest, reply: FastifyReply, { results }: ManifestsApplied, items: readonly object[]): void {
    const fault = refusalOf(results);
    const problem = problemFor(request, fault);
    const errors = problem.errors?.map((error) => withLine(error, lineOf(results, error.pointer)));
    sendProblem(request, reply, fault, { ...problem, status: refusalStatus(results), errors, items } as typeof problem);
  }
}

/** The line of a field, whose pointer begins with the index of its document. */
function lineOf(results: readonly ManifestResult[], pointer: string): number | undefined {
  const [, index = '', rest = ''] = /^\/(\d+)(.*)$/s.exec(pointer) ?? [];
  return results[Number(index)]?.lineOf(rest);
}

function itemOf(result: ManifestResult, index: number): object {
  const { kind, name, verdict, warnings, lineOf } = result;
  const base = {
    index,
    kind,
    name,
    result: verdict.result,
    warnings: warnings.map((warning) => warningView(warning, lineOf)),
  };
  if (verdict.result === 'skipped') return base;
  if (verdict.result === 'invalid') {
    const { code, message, details } = verdict.fault;
    const errors = (details.fields ?? []).map((field) => withLine(problemError(field), lineOf(field.pointer)));
    return { ...base, code, detail: message, errors, quota: details.quota };
  }
  const { resource, operationId } = verdict;
  const operation = operationId === undefined ? {} : { operation: pathOfOperation(operationId) };
  return {
    ...base,
    path: pathOfResource(resource),
    etag: etagOf(resource),
    ...operation,
    resource: viewOfAny(resource),
  };
}

function warningView({ pointer, code, message }: Warning, lineOf: ManifestResult['lineOf']): object {
  return withLine({ pointer, code, detail: message }, lineOf(pointer));
}
