/**
 * Puts the parts together: kinds, storage, controllers and HTTP(S). `startKubeServer` is the way in for everybody who
 * wants a cluster (or an API that looks like one) in this process.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { KubeApi } from './http/kube-api.ts';
import { Tokens } from './http/tokens.ts';
import { customDefinitions, definitionKind } from './kinds/definition-kind.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { openClusterStore } from './memory/cluster-store.ts';
import { ComputedBackend } from './memory/computed-backend.ts';
import type { MemoryStore } from './memory/memory-store.ts';
import type { Backends, ResourceBackend } from './protocol/backend.ts';
import type { Interceptor } from './protocol/interceptor.ts';
import { type KindDefinition, KindRegistry, resourceKey } from './protocol/kind.ts';
import { timestamp } from './protocol/kube-object.ts';
import type { CustomRoute, RequestUser } from './protocol/route.ts';

export interface KubeServerOptions {
  kinds: readonly KindDefinition[];
  /** Routes that belong to no stored kind, like start and stop of virtual machines. */
  routes?: readonly CustomRoute[];
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  tls?: { cert: string; key: string; ca?: string };
  /** Users by bearer token; without tokens everybody may do everything. */
  tokens?: Readonly<Record<string, RequestUser>>;
  /** Folder that keeps the state over restarts; without it the state is gone with the process. */
  persistDir?: string;
  faults?: Interceptor | undefined;
  /** Storage of single resources by `plural.group`, instead of memory. */
  backends?: Readonly<Record<string, ResourceBackend>>;
  /** Events each resource can replay to watches from the past. */
  historyLimit?: number;
  bookmarkIntervalMs?: number;
}

export interface KubeServer {
  url: string;
  port: number;
  /** A kubeconfig for the first token (or without credentials). */
  kubeconfig(): string;
  store: MemoryStore;
  kinds: KindRegistry;
  /** Resolves when every change so far is on the disk; at once without a folder. */
  flush(): Promise<void>;
  /** Ends watches, finishes what is written and frees the port. */
  close(): Promise<void>;
}

const defaultBookmarkIntervalMs = 60_000;

/** Starts a server and resolves once it accepts requests. Rejects when the port is taken or the state unreadable. */
export async function startKubeServer(options: KubeServerOptions): Promise<KubeServer> {
  const kinds = new KindRegistry(options.kinds);
  const cluster = await openClusterStore(kinds, options);
  const { store } = cluster;
  const api = new KubeApi({
    kinds,
    routes: [...(options.routes ?? [])],
    backends: chooseBackends(store, { ...computedBackends(kinds), ...options.backends }),
    tokens: new Tokens(options.tokens),
    interceptor: options.faults,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? defaultBookmarkIntervalMs,
    ready: () => cluster.healthy(),
  });
  const listener = await listenKubeApi(api, options);
  const url = `${options.tls === undefined ? 'http' : 'https'}://${hostText(listener.host)}:${listener.port}`;
  return {
    url,
    port: listener.port,
    kubeconfig: () =>
      kubeconfigText({ url, token: Object.keys(options.tokens ?? {})[0], ca: options.tls?.ca ?? options.tls?.cert }),
    store,
    kinds,
    flush: () => cluster.flush(),
    close: async () => {
      api.endWatches();
      await listener.close();
      await cluster.close();
    },
  };
}

function chooseBackends(store: MemoryStore, others: Readonly<Record<string, ResourceBackend>>): Backends {
  return { backendOf: (kind) => others[resourceKey(kind)] ?? store.backendOf(kind) };
}

/** Resources nobody writes: what they hold follows from the registered kinds. */
function computedBackends(kinds: KindRegistry): Record<string, ResourceBackend> {
  const createdAt = timestamp();
  return { [resourceKey(definitionKind)]: new ComputedBackend(() => customDefinitions(kinds.all(), createdAt)) };
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export interface ListenOptions {
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  tls?: { cert: string; key: string };
  /** How long a client may take to send a request, half of it for the header; without it Node's limits for headers. */
  requestTimeoutMs?: number;
  /** Connections at once; more are closed. Absent or 0: any number. */
  maxConnections?: number;
}

export interface Listener {
  host: string;
  port: number;
  /** Serves new connections with another certificate. */
  renew(tls: { cert: string; key: string }): void;
  close(): Promise<void>;
}

/** Serves an API over HTTP, or HTTPS with `tls`. Rejects when the port is taken or the certificate unusable. */
export async function listenKubeApi(
  api: Pick<KubeApi, 'handle' | 'handleUpgrade'>,
  { host = '127.0.0.1', port = 0, tls, requestTimeoutMs, maxConnections = 0 }: ListenOptions,
): Promise<Listener> {
  const options =
    requestTimeoutMs === undefined ? {} : { connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 30_000) };
  const server: Server =
    tls === undefined ? createHttpServer(options) : (createHttpsServer({ ...options, ...tls }) as unknown as Server);
  server.on('request', (request, response) => void api.handle(request, response));
  server.on('upgrade', (request, socket, head) => void api.handleUpgrade(request, socket, head));
  // Of the request alone: watches are long and silent, and the client decides when to give up.
  server.requestTimeout = requestTimeoutMs ?? 0;
  if (requestTimeoutMs !== undefined) server.headersTimeout = requestTimeoutMs / 2;
  server.keepAliveTimeout = 90_000;
  if (maxConnections > 0) server.maxConnections = maxConnections;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const renew: Listener['renew'] = (renewed) => {
        if (server instanceof TlsServer) server.setSecureContext(renewed);
      };
      resolve({ host, port: (server.address() as AddressInfo).port, renew, close: () => closeServer(server, sockets) });
    });
  });
}

/** Answers under way get a moment to leave; then connections are cut. */
function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 500);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
