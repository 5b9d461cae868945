/** Nest on Fastify: content types, ids and traces of requests, measurements, and where errors leave. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { toYaml } from '@compute/contract';
import {
  enterLogContext,
  formatTraceparent,
  frameworkLogger,
  parseTraceparent,
  type Span,
  type Tracer,
} from '@compute/runtime';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiObservation } from '../api-observation.ts';
import type { ApiParts } from '../application/api-parts.ts';
import type { CertificateFiles, TlsMaterial } from '../certificate-files.ts';
import type { AddressOf } from '../client-address.ts';
import { AuthGuard } from './auth.guard.ts';
import { faultOfError } from './fault-of-error.ts';
import { jsonLine } from './json-line.ts';
import { KnownMethods } from './known-methods.ts';
import { ProblemFilter, problemFor, sendProblem } from './problem.filter.ts';
import { type ApiRequest, header } from './request.ts';
import { acceptBodies, MAX_BODY_BYTES } from './request-body.ts';
import { restModule } from './rest.module.ts';
import { refuseBrokenRequest, slowClientLimits } from './slow-clients.ts';
import type { StreamSettings } from './stream-settings.ts';

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;
const KEEP_ALIVE_MS = 65_000;

/** Who comes in, how long they may take, and over what. */
export interface DoorSettings {
  readonly addressOf: AddressOf;
  readonly requestTimeoutMs: number;
  /** Connections at once; more are closed. 0: any number. */
  readonly maxConnections: number;
  /** Absent: plain HTTP. */
  readonly certificate: CertificateFiles | undefined;
}

function serverOptions({ requestTimeoutMs, certificate }: DoorSettings) {
  const limits = slowClientLimits(requestTimeoutMs);
  return certificate ? { https: { ...limits, ...identityOf(certificate.material) } } : { http: limits };
}

const identityOf = ({ cert, key }: TlsMaterial) => ({ cert, key });

/** The application, ready to listen. */
export async function createRestServer(
  parts: ApiParts,
  streams: StreamSettings,
  observation: ApiObservation,
  door: DoorSettings,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: door.requestTimeoutMs,
    ...serverOptions(door),
    clientErrorHandler: refuseBrokenRequest,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestId(request.headers['x-request-id']),
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const fault = faultOfError(error);
      sendProblem(request as ApiRequest, reply, fault, problemFor(request as ApiRequest, fault));
    },
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  const methods = new KnownMethods();
  fastify.addHook('onRoute', ({ url, method }) => methods.learn(url, method));
  fastify.setReplySerializer(jsonLine);
  acceptBodies(fastify);
  followRequests(fastify, observation);
  const app = await NestFactory.create<NestFastifyApplication>(restModule(parts, streams, observation), adapter, {
    logger: frameworkLogger(observation.logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(observation, methods));
  app.useGlobalGuards(new AuthGuard(parts.admission, door.addressOf));
  await app.init();
  const server = app.getHttpServer();
  if (door.maxConnections > 0) server.maxConnections = door.maxConnections;
  if (server instanceof TlsServer)
    door.certificate?.onChange((renewed) => server.setSecureContext(identityOf(renewed)));
  return app;
}

function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Ids and trace of every request, its answer's format, its time and its line in the log. */
function followRequests(fastify: FastifyInstance, observation: ApiObservation): void {
  const { requestsInFlight } = observation.metrics.instruments;
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    const span = startRequestSpan(observation.tracer, request);
    const { traceId, spanId } = span.context;
    Object.assign(request as ApiRequest, { span, traceparent: formatTraceparent(span.context) });
    enterLogContext({ requestId: request.id, traceId, spanId });
    reply.header('x-request-id', request.id);
    if (wantsYaml(request)) reply.type('application/yaml; charset=utf-8').serializer(toYaml);
    requestsInFlight.inc({ face: 'rest' });
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    requestsInFlight.dec({ face: 'rest' });
    (request as ApiRequest).span?.set({ 'http.response.status_code': reply.statusCode });
    (request as ApiRequest).span?.end(reply.statusCode < 500 ? undefined : String(reply.statusCode));
    observation.answered({
      face: 'rest',
      route: `${request.method} ${route}`,
      code: String(reply.statusCode),
      isChange: !READING.includes(request.method),
      isAccepted: reply.statusCode < 300,
      durationMs: reply.elapsedTime,
    });
    done();
  });
}

function startRequestSpan(tracer: Tracer, request: FastifyRequest): Span {
  const parent = parseTraceparent(header(request, 'traceparent'));
  if (!tracer.isOn) return tracer.start('', { kind: 'server', parent });
  const { method } = request;
  const route = request.routeOptions.url ?? 'none';
  const attributes = { 'http.request.method': method, 'http.route': route, 'compute.request_id': request.id };
  return tracer.start(`${method} ${route}`, { kind: 'server', parent, attributes });
}

const wantsYaml = (request: FastifyRequest): boolean =>
  /\b(application|text)\/(x-)?yaml\b/.test(header(request, 'accept') ?? '');
