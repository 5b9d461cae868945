/** Many manifests in one request. */
import { etagOf, httpStatusOf, manifestsQuerySchema, parseQuery, problemError, viewOfAny } from '@compute/contract';
import { Fault, type Warning } from '@compute/domain';
import { Controller, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type ManifestResult, ManifestService, type ManifestsApplied } from '../application/manifest-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { problemFor, sendProblem, withLine } from './problem.filter.ts';
import { pathOfOperation, pathOfResource } from './replies.ts';
import { type ApiRequest, Context, writeOptions } from './request.ts';
import { documentsOf } from './request-body.ts';

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
    const applied = await this.#service.apply(context, project, documentsOf(request), options);
    const items = applied.results.map((result, index) => itemOf(result, index));
    const faults = applied.results.flatMap(({ verdict }) => (verdict.result === 'invalid' ? [verdict.fault] : []));
    if (items.length > 0 && applied.results.every(({ replayed }) => replayed))
      reply.header('idempotency-replayed', 'true');
    if (faults.length === 0) {
      await reply.status(200).send({ items, dryRun });
      return;
    }
    if (partial) {
      await reply.status(207).send({ items, dryRun });
      return;
    }
    this.#refuse(request, reply, applied, faults, items);
  }

  /** Nothing was stored: one problem document with every error of every document. */
  #refuse(
    request: ApiRequest,
    reply: FastifyReply,
    applied: ManifestsApplied,
    faults: readonly Fault[],
    items: readonly object[],
  ): void {
    const [first] = faults;
    const count = faults.length;
    const message =
      `${count} of ${applied.results.length} documents cannot be applied; none was. ${count === 1 ? (first?.message ?? '') : ''}`.trim();
    const fault = new Fault(commonCode(faults), message, { ...first?.details, fields: allFields(applied) });
    const problem = problemFor(request, fault);
    const status =
      first && faults.every((one) => httpStatusOf(one) === httpStatusOf(first)) ? httpStatusOf(first) : 422;
    sendProblem(request, reply, fault, { ...problem, status, errors: errorsOf(applied), items } as typeof problem);
  }
}

function commonCode(faults: readonly Fault[]): Fault['code'] {
  const [first] = faults;
  return first && faults.every((fault) => fault.code === first.code) ? first.code : 'InvalidArgument';
}

function allFields(applied: ManifestsApplied) {
  return applied.results.flatMap(({ verdict }) =>
    verdict.result === 'invalid' ? (verdict.fault.details.fields ?? []) : [],
  );
}

/** Every error of every document; the first key of a pointer is the document's index. */
function errorsOf(applied: ManifestsApplied): object[] {
  return applied.results.flatMap(({ verdict, lineOf }, index) => {
    if (verdict.result !== 'invalid') return [];
    const fields = verdict.fault.details.fields ?? [
      { pointer: '', code: verdict.fault.code, message: verdict.fault.message },
    ];
    return fields.map((field) =>
      withLine({ ...problemError(field), pointer: `/${index}${field.pointer}` }, lineOf(field.pointer)),
    );
  });
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
