/**
 * The Kubernetes API over HTTP: decides what a request is for and lets the right part answer. Holds no objects; all
 * storage is behind `Backends`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Backends, ResourceBackend } from '../protocol/backend.ts';
import type { Interceptor, RequestFacts } from '../protocol/interceptor.ts';
import type { KindDefinition, KindRegistry, SubresourceDefinition, Verb } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import type { CustomRoute, RequestUser, RouteCall } from '../protocol/route.ts';
import { methodNotAllowed, StatusError, unknownPath } from '../protocol/status-error.ts';
import { deleteCollection, deleteObject } from './delete-verbs.ts';
import { Documents } from './documents.ts';
import { negotiate } from './negotiation.ts';
import { getObject, listObjects, renderObject, watchOptions } from './read-verbs.ts';
import { sendError, sendJson, sendRendered, sendText } from './reply.ts';
import { mediaType, parseObjectBody, readBody } from './request-body.ts';
import type { ResourcePath } from './request-path.ts';
import { parseResourcePath } from './request-path.ts';
import { checkScope, findHandler, verbOf } from './request-routing.ts';
import type { ResourceRequest } from './resource-request.ts';
import { fieldManagerOf, isDryRun } from './resource-request.ts';
import type { Authenticator } from './tokens.ts';
import { WatchResponse } from './watch-response.ts';
import { createObject, patchObject, updateObject } from './write-verbs.ts';

export interface KubeApiOptions {
  kinds: KindRegistry;
  routes: CustomRoute[];
  backends: Backends;
  tokens: Authenticator;
  interceptor: Interceptor | undefined;
  bookmarkIntervalMs: number;
  /** Readiness, asked by /readyz and /healthz. */
  ready: () => boolean | Promise<boolean>;
}

/** One HTTP exchange, parsed as far as every part needs it. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: string;
  query: URLSearchParams;
}

const healthPaths = ['/healthz', '/livez', '/readyz'];

export class KubeApi {
  readonly #options: KubeApiOptions;
  readonly #documents: Documents;
  readonly #watches = new Map<WatchResponse, RequestFacts>();

  constructor(options: KubeApiOptions) {
    this.#options = options;
    this.#documents = new Documents(options.kinds, options.routes);
    options.interceptor?.onCut?.((affected) => {
      for (const [watch, facts] of this.#watches) if (affected(facts)) watch.cut();
    });
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [url = '/', search = ''] = splitUrl(request.url ?? '/');
    try {
      await this.#answer({ request, response, url, query: new URLSearchParams(search) });
    } catch (error) {
      sendError(response, error);
    }
  }

  /** Ends all watches, for an orderly shutdown. */
  endWatches(): void {
    for (const watch of this.#watches.keys()) watch.end();
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response, url } = exchange;
    if (healthPaths.some((path) => url === path || url.startsWith(`${path}/`))) {
      if (await this.#cutBefore(exchange, documentFacts('get', ''))) return;
      const ready = url.startsWith('/livez') || (await this.#options.ready());
      sendText(response, ready ? 200 : 500, ready ? 'ok' : 'not ready');
      return;
    }
    const user = await this.#options.tokens.authenticate(request);
    const path = parseResourcePath(url);
    if (path === undefined) await this.#answerDocument(exchange, user);
    else await this.#answerResource(exchange, path, user);
  }

  async #answerDocument(exchange: Exchange, user: RequestUser): Promise<void> {
    const { request, response, url } = exchange;
    const verb = (request.method ?? 'GET').toLowerCase();
    if (await this.#cutBefore(exchange, documentFacts(verb, user.name))) return;
    if (verb !== 'get' && verb !== 'head') throw methodNotAllowed();
    const document = this.#documents.find(url, request.headers.accept);
    if (document === undefined) throw unknownPath();
    sendRendered(request, response, document, { status: 200 });
  }

  async #answerResource(exchange: Exchange, path: ResourcePath, user: RequestUser): Promise<void> {
    const { kinds } = this.#options;
    const verb = verbOf(exchange.request.method ?? 'GET', exchange.query, path);
    const kind = kinds.byResource(path.group, path.version, path.resource);
    const facts = factsOf(path, verb, user);
    if (await this.#cutBefore(exchange, facts)) return;
    const handler = findHandler(this.#options.routes, kind, path);
    if (handler !== undefined) await this.#answerHandler(exchange, handler, { path, verb, user, facts });
    else if (kind !== undefined) await this.#answerKind(exchange, kind, { path, verb, user, facts });
    else throw unknownPath();
  }

  /** Lets faults act before the request; true when the connection was cut. */
  async #cutBefore({ response }: Exchange, facts: RequestFacts): Promise<boolean> {
    if ((await this.#options.interceptor?.before(facts)) !== 'reset') return false;
    response.destroy();
    return true;
  }

  async #answerHandler(exchange: Exchange, handler: SubresourceDefinition, at: Located): Promise<void> {
    const { request, response, query } = exchange;
    if (!handler.verbs.includes(at.verb)) throw methodNotAllowed({ group: at.path.group, plural: at.path.resource });
    const body = parseObjectBody(await readBody(request), mediaType(request));
    const reply = await handler.handle({ ...this.#callOf(at, query, userAgentOf(request)), body });
    if (this.#options.interceptor?.after(at.facts) === 'reset') response.destroy();
    else if (reply.body === undefined) {
      response.writeHead(reply.status, { 'Content-Length': '0' });
      response.end();
    } else sendJson(request, response, reply, reply.body);
  }

  async #answerKind(exchange: Exchange, kind: KindDefinition, at: Located): Promise<void> {
    const { path, verb, facts } = at;
    checkScope(kind, path, verb);
    const stored = this.#options.backends.backendOf(kind, at.user);
    if (stored === undefined) throw unknownPath();
    const backend = this.#options.interceptor?.backend(facts, stored) ?? stored;
    const resource = await this.#resourceRequest(exchange, kind, backend, at);
    if (verb === 'watch') await this.#watch(exchange, resource, facts);
    else await this.#reply(exchange, resource, at);
  }

  async #resourceRequest(
    { request, query }: Exchange,
    kind: KindDefinition,
    backend: ResourceBackend,
    { path, verb, user }: Located,
  ): Promise<ResourceRequest> {
    const reads = verb === 'get' || verb === 'list' || verb === 'watch';
    return {
      kind,
      backend,
      path,
      query,
      accepted: negotiate(request.headers.accept, ['table', 'metadata']),
      user,
      userAgent: userAgentOf(request),
      body: reads ? Buffer.alloc(0) : await readBody(request),
      contentType: mediaType(request),
      warnings: [],
    };
  }

  async #reply({ request, response }: Exchange, resource: ResourceRequest, { verb, facts }: Located): Promise<void> {
    const { status, rendered } = await perform(resource, verb);
    if (this.#options.interceptor?.after(facts) === 'reset') {
      response.destroy();
      return;
    }
    sendRendered(request, response, rendered, { status, yaml: resource.accepted.yaml, warnings: resource.warnings });
  }

  async #watch({ response }: Exchange, resource: ResourceRequest, facts: RequestFacts): Promise<void> {
    const options = watchOptions(resource, this.#options.bookmarkIntervalMs);
    const watch = new WatchResponse(response, { ...options, intercept: this.#options.interceptor?.watch(facts) });
    this.#watches.set(watch, facts);
    response.on('close', () => this.#watches.delete(watch));
    await watch.start(resource.backend);
  }

  #callOf({ path, verb, user }: Located, query: URLSearchParams, userAgent: string): Omit<RouteCall, 'body'> {
    const { namespace, name, subresource, rest } = path;
    const fieldManager = fieldManagerOf({ query, userAgent });
    const backendOf = (resource: string): ResourceBackend => this.#backendOf(resource, user);
    return { verb, namespace, name, subresource, rest, query, user, fieldManager, dryRun: isDryRun(query), backendOf };
  }

  #backendOf(resource: string, user: RequestUser): ResourceBackend {
    const kind = this.#options.kinds.byKey(resource);
    const backend = kind === undefined ? undefined : this.#options.backends.backendOf(kind, user);
    if (backend === undefined) throw new Error(`no storage for ${resource}`);
    return backend;
  }

  /** Hands a protocol upgrade (console, vnc, port forward) to the route that takes it. */
  async handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [url = '/', search = ''] = splitUrl(request.url ?? '/');
    try {
      const user = await this.#options.tokens.authenticate(request);
      const path = parseResourcePath(url);
      if (path === undefined) throw unknownPath();
      const kind = this.#options.kinds.byResource(path.group, path.version, path.resource);
      const handler = findHandler(this.#options.routes, kind, path);
      if (handler?.upgrade === undefined) throw unknownPath();
      const at = { path, verb: 'get' as const, user, facts: factsOf(path, 'get', user) };
      handler.upgrade({
        ...this.#callOf(at, new URLSearchParams(search), userAgentOf(request)),
        request,
        socket,
        head,
      });
    } catch (error) {
      const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', 'internal error');
      const body = JSON.stringify(status.toStatus());
      const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
      socket.end(`HTTP/1.1 ${status.code} ${status.reason}\r\n${headers}\r\n\r\n${body}`);
    }
  }
}

interface Located {
  path: ResourcePath;
  verb: Verb;
  user: RequestUser;
  facts: RequestFacts;
}

function documentFacts(verb: string, user: string): RequestFacts {
  return { verb, resource: '', namespace: '', name: '', subresource: '', user };
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function userAgentOf(request: IncomingMessage): string {
  return request.headers['user-agent'] ?? '';
}

function factsOf(path: ResourcePath, verb: Verb, user: RequestUser): RequestFacts {
  const resource = resourceKey({ group: path.group, plural: path.resource });
  const { namespace, name, subresource } = path;
  return { verb, resource, namespace, name, subresource, user: user.name };
}

async function perform(
  request: ResourceRequest,
  verb: Verb,
): Promise<{ status: number; rendered: { json: string; contentType: string } }> {
  switch (verb) {
    case 'get':
      return { status: 200, rendered: await getObject(request) };
    case 'list':
      return { status: 200, rendered: await listObjects(request) };
    case 'delete':
      return { status: 200, rendered: await deleteObject(request) };
    case 'deletecollection':
      return { status: 200, rendered: await deleteCollection(request) };
    case 'watch':
      throw methodNotAllowed(request.kind);
  }
  const write = { create: createObject, update: updateObject, patch: patchObject }[verb];
  const { version, created } = await write(request);
  return { status: created ? 201 : 200, rendered: renderObject(request, version) };
}
