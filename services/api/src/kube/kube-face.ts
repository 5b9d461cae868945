/**
 * The face for kubectl and clients of Kubernetes: our kinds, projects as namespaces and history as events, over TLS
 * (kubectl sends no token without). Speaks the protocol through `@compute/kube-wire`; everything else is the
 * application services'.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, KINDS } from '@compute/domain';
import {
  type Backends,
  KindRegistry,
  KubeApi,
  listenKubeApi,
  type RequestUser,
  type ResourceBackend,
  resourceKey,
} from '@compute/kube-wire';
import { formatTraceparent, noTracer, parseTraceparent, type Tracer, withLogContext } from '@compute/runtime';
import type { ApiObservation } from '../api-observation.ts';
import type { ApiParts } from '../application/api-parts.ts';
import { keepCheckingKey } from '../application/key-check.ts';
import { type RateClass, rateHeaders, refuseTooMany } from '../application/rate-limits.ts';
import type { CertificateFiles } from '../certificate-files.ts';
import type { AddressOf } from '../client-address.ts';
import type { OpenStreams } from '../open-streams.ts';
import { EVENT_KIND, EventBackend } from './events.ts';
import { guarded, type NoteFault } from './guarded.ts';
import { callerOf, KubeCaller } from './kube-caller.ts';
import { MACHINE_METRICS_KIND, MachineMetricsBackend, NoPodsBackend, POD_KIND } from './machine-metrics.ts';
import { NAMESPACE_KIND, NamespaceBackend } from './namespaces.ts';
import { isWatch, observeRequest, routeOf } from './observe-request.ts';
import { powerRoutes } from './power-routes.ts';
import { KubeResourceBackend } from './resource-backend.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';

export interface KubeFaceSettings {
  readonly parts: ApiParts;
  readonly streams: OpenStreams;
  readonly observation: ApiObservation;
  /** How often the key of an open watch is looked at again. */
  readonly heartbeatMs: number;
  readonly addressOf: AddressOf;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  readonly host: string;
  readonly port: number;
  readonly certificate: CertificateFiles;
}

export interface KubeFace {
  readonly port: number;
  /** Takes no more requests, ends watches, lets answers leave. */
  close(): Promise<void>;
}

const BOOKMARK_EVERY_MS = 60_000;
const METRICS_KINDS = [MACHINE_METRICS_KIND, POD_KIND];
const NOBODY = { group: '', kind: '', plural: '', name: '' };

/** Resolves when it answers. Rejects when the port is taken or the certificate cannot be used. */
export async function startKubeFace(settings: KubeFaceSettings): Promise<KubeFace> {
  const requests = new WeakMap<IncomingMessage, Exchange>();
  const api = new KubeApi({
    kinds: new KindRegistry([
      ...KINDS.map((kind) => RESOURCE_KINDS[kind]),
      NAMESPACE_KIND,
      EVENT_KIND,
      ...METRICS_KINDS,
    ]),
    routes: powerRoutes(settings.parts.instances, (user) => noteOf(settings.observation, user)),
    backends: backendsOf(settings),
    tokens: { authenticate: (request) => authenticate(settings, request, requests.get(request)) },
    interceptor: undefined,
    bookmarkIntervalMs: BOOKMARK_EVERY_MS,
    ready: async () => (await settings.observation.health.ready()).ready,
  });
  const handle = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const ids = idsOf(request, settings.observation.tracer);
    response.once('close', () => ids.end(response.statusCode));
    requests.set(request, { ids, response });
    response.setHeader('Audit-Id', ids.requestId);
    return withLogContext(ids.log, () => {
      observeRequest(settings.observation, request, response);
      return api.handle(request, response);
    });
  };
  const server = { handle, handleUpgrade: api.handleUpgrade.bind(api) };
  const { host, port, certificate, requestTimeoutMs, maxConnections } = settings;
  const { cert, key } = certificate.material;
  const listener = await listenKubeApi(server, { host, port, tls: { cert, key }, requestTimeoutMs, maxConnections });
  certificate.onChange((renewed) => listener.renew({ cert: renewed.cert, key: renewed.key }));
  return {
    port: listener.port,
    close: async () => {
      api.endWatches();
      await listener.close();
    },
  };
}

/** Hears of the faults of one caller's requests. */
function noteOf(observation: ApiObservation, user: RequestUser): NoteFault {
  const { caller, origin } = callerOf(user).context;
  return (fault) => observation.noteFault(fault, { actor: caller.actor.id, ...origin });
}

/** Storage as one caller may see it; made for each request. */
function backendsOf({ parts, streams, observation }: KubeFaceSettings): Backends {
  const makers: Record<string, (user: RequestUser) => ResourceBackend> = {
    [resourceKey(NAMESPACE_KIND)]: (user) =>
      new NamespaceBackend(parts.projects, { caller: callerOf(user), streams }, noteOf(observation, user)),
    [resourceKey(EVENT_KIND)]: (user) =>
      new EventBackend(parts, { caller: callerOf(user), streams }, noteOf(observation, user)),
    [resourceKey(MACHINE_METRICS_KIND)]: (user) =>
      new MachineMetricsBackend(parts, callerOf(user).context, noteOf(observation, user)),
    [resourceKey(POD_KIND)]: (user) =>
      new NoPodsBackend(parts.projects, callerOf(user).context, noteOf(observation, user)),
  };
  for (const kind of KINDS) {
    makers[resourceKey(RESOURCE_KINDS[kind])] = (user) =>
      new KubeResourceBackend({ kind, parts, caller: callerOf(user), streams, note: noteOf(observation, user) });
  }
  return { backendOf: (kind, user) => makers[resourceKey(kind)]?.(user) };
}

async function authenticate(
  { parts: { admission, authenticator }, observation, heartbeatMs, addressOf }: KubeFaceSettings,
  request: IncomingMessage,
  exchange: Exchange | undefined,
): Promise<KubeCaller> {
  const { requestId, traceparent } = exchange?.ids ?? idsOf(request, noTracer);
  const { authorization: header, 'x-forwarded-for': forwardedFor } = request.headers;
  const forwarded = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
  const origin = { face: 'kube', address: addressOf(request.socket.remoteAddress, forwarded) } as const;
  const note = (fault: Fault): void => observation.noteFault(fault, origin);
  const caller = await guarded(NOBODY, note, () => admission.authenticate(header, origin.address));
  const rate = admission.charge(caller, rateClassOf(request));
  for (const [name, value] of rateHeaders(rate)) exchange?.response.setHeader(name, value);
  await guarded(NOBODY, note, async () => refuseTooMany(rate));
  const checked = { header, expiresAt: caller.expiresAt };
  return new KubeCaller({ caller, requestId, origin, traceparent }, (onRefused) =>
    keepCheckingKey(authenticator, checked, heartbeatMs, onRefused),
  );
}

function rateClassOf({ method = 'GET', url = '' }: IncomingMessage): RateClass {
  if (method !== 'GET' && method !== 'HEAD') return 'write';
  return isWatch(url) ? 'watch' : 'read';
}

interface Exchange {
  readonly ids: RequestIds;
  readonly response: ServerResponse;
}

interface RequestIds {
  readonly requestId: string;
  readonly traceparent: string;
  /** Ends the span of the request. */
  readonly end: (statusCode: number) => void;
  readonly log: { readonly requestId: string; readonly traceId: string; readonly spanId: string };
}

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** Clients of Kubernetes call a request id `Audit-Id`; ours is taken too. */
function idsOf({ headers, method = 'GET', url = '' }: IncomingMessage, tracer: Tracer): RequestIds {
  const given = headers['audit-id'] ?? headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  const trace = headers.traceparent;
  const parent = parseTraceparent(typeof trace === 'string' ? trace : undefined);
  const name = tracer.isOn ? `${method} ${routeOf(url)}` : '';
  const span = tracer.start(name, { kind: 'server', parent, attributes: { 'compute.request_id': requestId } });
  const { traceId, spanId } = span.context;
  return {
    requestId,
    traceparent: formatTraceparent(span.context),
    end: (statusCode) => {
      span.set({ 'http.response.status_code': statusCode });
      span.end(statusCode < 500 ? undefined : String(statusCode));
    },
    log: { requestId, traceId, spanId },
  };
}
