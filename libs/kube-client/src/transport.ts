// One HTTP exchange with the API server: deadline, cancellation, credentials, and errors as KubeError.
// A GET or a server-side apply that dies with its pooled connection is sent once more, because both may be repeated safely; nothing else is.
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Connection, Session } from './connection.ts';
import { errorFromResponse, errorFromTransport, KubeError } from './kube-error.ts';

export type HttpVerb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request. `path` includes the query string; `body` is already text. */
export interface WireRequest {
  method: HttpVerb;
  path: string;
  body?: string;
  contentType?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What an observer hears of every finished call; `status` is 0 when no answer came. */
export interface CallReport {
  method: HttpVerb;
  path: string;
  status: number;
  durationMs: number;
  /** The server's clock when it answered, in whole seconds; absent when it did not say. */
  serverTime?: Date;
}

export interface TransportOptions {
  connection: Connection;
  timeoutMs: number;
  userAgent: string;
  onCall?: (report: CallReport) => void;
}

interface Answer {
  status: number;
  retryAfter: string | undefined;
  date: string | undefined;
  text: string;
}

/** Sends requests over the pooled connections of a {@link Connection}. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #prefix: string;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#prefix = options.connection.server.pathname.replace(/\/+$/, '');
  }

  /** The body of a 2xx answer as text. Throws KubeError otherwise, and the signal's own reason when the caller aborted. */
  async send(request: WireRequest): Promise<string> {
    const startedAt = performance.now();
    let status = 0;
    let date: string | undefined;
    try {
      const answer = await this.#exchange(request);
      status = answer.status;
      date = answer.date;
      if (status < 200 || status > 299) throw errorFromResponse(status, answer.text, answer.retryAfter);
      return answer.text;
    } finally {
      const durationMs = performance.now() - startedAt;
      const serverTime = date === undefined ? {} : { serverTime: new Date(date) };
      this.#options.onCall?.({ method: request.method, path: request.path, status, durationMs, ...serverTime });
    }
  }

  /** Opens a stream that stays open until the server or the signal ends it. Throws KubeError when the answer is not 2xx. */
  async stream(path: string, signal: AbortSignal): Promise<Readable> {
    const open = (session: Session) =>
      session.watches.request(this.#dispatchOptions(session, { method: 'GET', path }, signal));
    const response = await this.#withFreshCredentials(open, signal, `GET ${path}`);
    if (response.statusCode >= 200 && response.statusCode <= 299) return response.body;
    const text = await response.body.text();
    throw errorFromResponse(response.statusCode, text, headerValue(response.headers['retry-after']));
  }

  async #exchange(request: WireRequest): Promise<Answer> {
    const deadline = new Deadline(request.timeoutMs ?? this.#options.timeoutMs, request.signal);
    const what = `${request.method} ${pathOnly(request.path)}`;
    try {
      return await this.#attempt(request, deadline, what);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (deadline.expired) throw deadline.error(what);
      if (!isBrokenConnection(error) || !isRepeatable(request)) throw error;
      return await this.#attempt(request, deadline, what);
    } finally {
      deadline.clear();
    }
  }

  async #attempt(request: WireRequest, deadline: Deadline, what: string): Promise<Answer> {
    const open = (session: Session) => session.calls.request(this.#dispatchOptions(session, request, deadline.signal));
    const response = await this.#withFreshCredentials(open, deadline.signal, what);
    try {
      const text = await response.body.text();
      const { 'retry-after': retryAfter, date } = response.headers;
      return { status: response.statusCode, retryAfter: headerValue(retryAfter), date: headerValue(date), text };
    } catch (error) {
      throw errorFromTransport(what, error);
    }
  }

  // Tokens rotate under a running process: one 401 makes the credentials be read again before it is believed.
  async #withFreshCredentials(
    open: (session: Session) => Promise<Dispatcher.ResponseData>,
    signal: AbortSignal,
    what: string,
  ): Promise<Dispatcher.ResponseData> {
    try {
      const first = await open(await this.#options.connection.session());
      if (first.statusCode !== 401) return first;
      await first.body.dump();
      return await open(await this.#options.connection.session(true));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw errorFromTransport(what, error);
    }
  }

  #dispatchOptions(session: Session, request: WireRequest, signal: AbortSignal): Dispatcher.RequestOptions {
    const headers: Record<string, string> = {
      ...session.headers,
      // KubeVirt's subresources name no type that they answer with, and refuse who takes nothing but JSON.
      accept: 'application/json, */*',
      'user-agent': this.#options.userAgent,
    };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    return {
      origin: this.#options.connection.server.origin,
      path: this.#prefix + request.path,
      method: request.method,
      headers,
      body: request.body ?? null,
      signal,
    };
  }
}

/** A timeout and the caller's signal as one signal, with a timer that is always cleared. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #timeoutMs: number;
  expired = false;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#controller.abort(new Error('deadline'));
    }, timeoutMs);
    outer?.throwIfAborted();
    outer?.addEventListener('abort', this.#forward, { once: true });
  }

  readonly #forward = (): void => this.#controller.abort(this.#outer?.reason);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#forward);
  }

  error(what: string): KubeError {
    return new KubeError({ status: 0, reason: 'Timeout', message: `${what}: no answer within ${this.#timeoutMs} ms` });
  }
}

function isBrokenConnection(error: unknown): boolean {
  const cause = error instanceof KubeError ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function isRepeatable(request: WireRequest): boolean {
  return request.method === 'GET' || request.contentType === 'application/apply-patch+yaml';
}

function headerValue(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function pathOnly(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
