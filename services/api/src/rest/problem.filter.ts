/** Every error of REST leaves here, as a problem document. */
import { type Problem, problemOf, retryAfterSeconds } from '@compute/contract';
import { Fault } from '@compute/domain';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ApiObservation, Who } from '../api-observation.ts';
import { faultOfError } from './fault-of-error.ts';
import { jsonLine } from './json-line.ts';
import type { KnownMethods } from './known-methods.ts';
import type { ApiRequest } from './request.ts';

function whoOf({ apiContext, socket }: ApiRequest): Who {
  if (!apiContext)
    return { face: 'rest', ...(socket.remoteAddress === undefined ? {} : { address: socket.remoteAddress }) };
  return { actor: apiContext.caller.actor.id, ...apiContext.origin };
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #observation: ApiObservation;
  readonly #methods: KnownMethods;

  constructor(observation: ApiObservation, methods: KnownMethods) {
    this.#observation = observation;
    this.#methods = methods;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const reply = http.getResponse<FastifyReply>();
    const fault = this.#wrongMethod(request, reply) ?? faultOfError(error);
    this.#observation.noteFault(fault, whoOf(request));
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, fault, problemFor(request, fault));
  }

  /** An address without a route for this method may have one for others; `Allow` lists them. */
  #wrongMethod(request: ApiRequest, reply: FastifyReply): Fault | undefined {
    if (!request.is404) return undefined;
    const allowed = this.#methods.of(pathOf(request)).join(', ');
    if (allowed === '') return undefined;
    reply.header('allow', allowed);
    return new Fault('MethodNotAllowed', `${request.method} is not possible here, but ${allowed}.`);
  }
}

/** The problem of a request; fields of a YAML body get the line they stand on. */
export function problemFor(request: ApiRequest, fault: Fault): Problem {
  const problem = problemOf(fault, { instance: pathOf(request), requestId: request.id });
  if (!request.lineOf || !problem.errors) return problem;
  const { lineOf } = request;
  return { ...problem, errors: problem.errors.map((error) => withLine(error, lineOf(error.pointer))) };
}

const pathOf = ({ url }: ApiRequest): string => url.split('?', 1)[0] ?? '/';

export const withLine = <T extends object>(error: T, line: number | undefined): T =>
  line === undefined ? error : { ...error, line };

export function sendProblem(request: ApiRequest, reply: FastifyReply, fault: Fault, problem: Problem): void {
  const retryAfter = retryAfterSeconds(fault);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (fault.code === 'Unauthenticated') reply.header('www-authenticate', 'Bearer realm="compute"');
  // A refused body may not have been read to its end; the connection cannot be used again.
  if (fault.code === 'PayloadTooLarge') reply.header('connection', 'close');
  void reply
    .status(problem.status)
    .header('x-request-id', request.id)
    .header('content-type', 'application/problem+json')
    .serializer(jsonLine)
    .send(problem);
}
