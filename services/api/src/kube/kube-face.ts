/**
 * The face for kubectl and clients of Kubernetes: our kinds, projects as namespaces and history as events, over TLS
 * (kubectl sends no token without). Speaks the protocol through `@compute/kube-wire`; everything else is the
 * application services'.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KINDS } from '@compute/domain';
import {
  type Backends,
  KindRegistry,
  KubeApi,
  listenKubeApi,
  type RequestUser,
  type ResourceBackend,
  resourceKey,
} from '@compute/kube-wire';
import { formatTraceparent, parseTraceparent, startSpan, withLogContext } from '@compute/runtime';
import type { ApiObservation } from '../api-observation.ts';
import type { ApiParts } from '../application/api-parts.ts';
import { keepCheckingKey } from '../application/key-check.ts';
import type { OpenStreams } from '../open-streams.ts';
import { EVENT_KIND, EventBackend } from './events.ts';
import { guarded } from './guarded.ts';
import { callerOf, KubeCaller } from './kube-caller.ts';
import { NAMESPACE_KIND, NamespaceBackend } from './namespaces.ts';
import { observeRequest } from './observe-request.ts';
import { KubeResourceBackend } from './resource-backend.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';

export interface KubeFaceSettings {
  readonly parts: ApiParts;
  readonly streams: OpenStreams;
  readonly observation: ApiObservation;
  /** How often the key of an open watch is looked at again. */
  readonly heartbeatMs: number;
  readonly host: string;
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string };
}

export interface KubeFace {
  readonly port: number;
  /** Takes no more requests, ends watches, lets answers leave. */
  close(): Promise<void>;
}

const BOOKMARK_EVERY_MS = 60_000;
const NOBODY = { group: '', kind: '', plural: '', name: '' };

/** Resolves when it answers. Rejects when the port is taken or the certificate cannot be used. */
export async function startKubeFace(settings: KubeFaceSettings): Promise<KubeFace> {
  const requests = new WeakMap<IncomingMessage, RequestIds>();
  const api = new KubeApi({
    kinds: new KindRegistry([...KINDS.map((kind) => RESOURCE_KINDS[kind]), NAMESPACE_KIND, EVENT_KIND]),
    routes: [],
    backends: backendsOf(settings),
    tokens: { authenticate: (request) => authenticate(settings, request, requests.get(request)) },
    interceptor: undefined,
    bookmarkIntervalMs: BOOKMARK_EVERY_MS,
    ready: async () => (await settings.observation.health.ready()).ready,
  });
  const handle = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const ids = idsOf(request);
    requests.set(request, ids);
    response.setHeader('Audit-Id', ids.requestId);
    observeRequest(settings.observation, request, response);
    return withLogContext(ids.log, () => api.handle(request, response));
  };
  const server = { handle, handleUpgrade: api.handleUpgrade.bind(api) };
  const listener = await listenKubeApi(server, { host: settings.host, port: settings.port, tls: settings.tls });
  return {
    port: listener.port,
    close: async () => {
      api.endWatches();
      await listener.close();
    },
  };
}

/** Storage as one caller may see it; made for each request. */
function backendsOf({ parts, streams, observation }: KubeFaceSettings): Backends {
  const note = observation.noteFault.bind(observation);
  const makers: Record<string, (user: RequestUser) => ResourceBackend> = {
    [resourceKey(NAMESPACE_KIND)]: (user) => new NamespaceBackend(parts.projects, callerOf(user).context, note),
    [resourceKey(EVENT_KIND)]: (user) => new EventBackend(parts, callerOf(user).context, note),
  };
  for (const kind of KINDS) {
    makers[resourceKey(RESOURCE_KINDS[kind])] = (user) =>
      new KubeResourceBackend({ kind, parts, caller: callerOf(user), streams, note });
  }
  return { backendOf: (kind, user) => makers[resourceKey(kind)]?.(user) };
}

async function authenticate(
  { parts: { authenticator }, observation, heartbeatMs }: KubeFaceSettings,
  request: IncomingMessage,
  ids: RequestIds = idsOf(request),
): Promise<KubeCaller> {
  const note = observation.noteFault.bind(observation);
  const { authorization } = request.headers;
  const caller = await guarded(NOBODY, note, () => authenticator.authenticate(authorization));
  return new KubeCaller({ caller, requestId: ids.requestId, traceparent: ids.traceparent }, (onRefused) =>
    keepCheckingKey(authenticator, authorization, heartbeatMs, onRefused),
  );
}

interface RequestIds {
  readonly requestId: string;
  readonly traceparent: string;
  readonly log: { readonly requestId: string; readonly traceId: string; readonly spanId: string };
}

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** Clients of Kubernetes call a request id `Audit-Id`; ours is taken too. */
function idsOf({ headers }: IncomingMessage): RequestIds {
  const given = headers['audit-id'] ?? headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  const trace = headers.traceparent;
  const span = startSpan(parseTraceparent(typeof trace === 'string' ? trace : undefined));
  return {
    requestId,
    traceparent: formatTraceparent(span),
    log: { requestId, traceId: span.traceId, spanId: span.spanId },
  };
}
