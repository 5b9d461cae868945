/**
 * What every gRPC method has around it: who calls, ids and trace, time taken, errors as rich statuses, and an end when
 * the caller is gone or its deadline has passed. A method itself is a function of context and request.
 */
import { randomUUID } from 'node:crypto';
import { Fault } from '@compute/domain';
import { formatTraceparent, parseTraceparent, type Span, withLogContext } from '@compute/runtime';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import type { ApiObservation } from '../api-observation.ts';
import type { Admission } from '../application/admission.ts';
import type { Authenticator } from '../application/authenticator.ts';
import { type KeyCheck, keepCheckingKey } from '../application/key-check.ts';
import { type RateClass, rateHeaders, refuseTooMany } from '../application/rate-limits.ts';
import type { RequestContext } from '../application/request-context.ts';
import type { AddressOf } from '../client-address.ts';
import type { OpenStreams } from '../open-streams.ts';
import { drained } from '../slow-reader.ts';
import { statusOfFault } from './grpc-error.ts';
import { UnreadableRequest } from './readable-requests.ts';

export interface CallSettings {
  readonly admission: Admission;
  /** For looking again at the keys of open streams. */
  readonly authenticator: Authenticator;
  readonly addressOf: AddressOf;
  readonly observation: ApiObservation;
  readonly streams: OpenStreams;
  readonly heartbeatMs: number;
}

/** One call: its context, what its reply's metadata will say, and the end of its caller's interest. */
export interface Call extends RequestContext {
  readonly reply: Metadata;
  readonly signal: AbortSignal;
}

export type UnaryMethod<Request, Reply> = (call: Call, request: Request) => Promise<Reply> | Reply;
export type StreamMethod<Request, Reply> = (call: Call, request: Request) => AsyncIterable<Reply>;

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

interface Asked {
  readonly method: string;
  readonly call: AnyCall;
  readonly requestId: string;
  readonly kind: RateClass;
  readonly signal: AbortSignal;
}

/** Methods that change nothing, by AIP-131 and its neighbours; every other one counts as a change. */
const READING = /^(Get|List|Wait)/;
const STREAMING = /^(Watch|Stream|Export)/;

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** A method that this service does not offer. */
export class Unimplemented extends Error {}

export class Calls {
  readonly settings: CallSettings;

  constructor(settings: CallSettings) {
    this.settings = settings;
  }

  /** `root` is the field of the request that holds a resource, for the paths of field errors. */
  unary<Request, Reply>(method: string, run: UnaryMethod<Request, Reply>, root = ''): handleUnaryCall<Request, Reply> {
    return (call, callback) => {
      const startedAt = performance.now();
      const requestId = requestIdOf(call.metadata);
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort());
      const kind = READING.test(method) ? 'read' : 'write';
      const asked = { method, call, requestId, kind, signal: gone.signal } as const;
      this.#run(asked, (context) => run(context, call.request)).then(
        ({ reply, result }) => {
          this.#measure(method, status.OK, startedAt);
          reply.set('x-request-id', requestId);
          call.sendMetadata(reply);
          callback(null, result);
        },
        (error: unknown) => {
          const failed = this.#statusOf(error, requestId, root);
          this.#measure(method, failed.code, startedAt);
          callback(failed);
        },
      );
    };
  }

  /** A server stream: heartbeats are the method's own messages, made by `heartbeat` while nothing else is sent. */
  stream<Request, Reply>(
    method: string,
    run: StreamMethod<Request, Reply>,
    heartbeat: (last: Reply | undefined) => Reply,
  ): handleServerStreamingCall<Request, Reply> {
    return (call) => {
      const startedAt = performance.now();
      const requestId = requestIdOf(call.metadata);
      const stream = this.settings.streams.open('grpc');
      call.on('cancelled', () => stream.abort());
      let key: KeyCheck | undefined;
      const ending = (error: unknown) => {
        if (stream.endedByServer) return stopping(requestId);
        const failure = key?.refusal ?? error;
        return failure === undefined ? undefined : this.#statusOf(failure, requestId, '');
      };
      const work = (context: Call) => {
        stream.claim(context.caller.actor.id);
        key = this.#keepChecking(call, context, () => stream.abort());
        return this.#pump(call, run(context, call.request), context.signal, heartbeat);
      };
      this.#run({ method, call, requestId, kind: 'watch', signal: stream.signal }, work)
        .then(
          () => ending(undefined),
          (error: unknown) => ending(error),
        )
        .then((ended) => {
          key?.stop();
          this.#measure(method, ended?.code ?? status.OK, startedAt);
          if (ended) call.emit('error', ended);
          else call.end();
          stream.done();
        });
    };
  }

  /** Looks at the key of a stream again while it is open. */
  #keepChecking(call: AnyCall, { caller }: Call, onRefused: () => void): KeyCheck {
    const { authenticator, heartbeatMs } = this.settings;
    const checked = { header: first(call.metadata, 'authorization'), expiresAt: caller.expiresAt };
    return keepCheckingKey(authenticator, checked, heartbeatMs, onRefused);
  }

  async #run<T>(
    { method, call, requestId, kind, signal }: Asked,
    work: (context: Call) => Promise<T> | T,
  ): Promise<{ reply: Metadata; result: T }> {
    const span = this.#startSpan(method, call, requestId);
    const { traceId, spanId } = span.context;
    const who: { actor?: string } = {};
    const origin = { face: 'grpc', address: this.#addressOf(call) } as const;
    return withLogContext({ requestId, traceId, spanId }, async () => {
      try {
        const { admission } = this.settings;
        const caller = await admission.authenticate(first(call.metadata, 'authorization'), origin.address);
        who.actor = caller.actor.id;
        const reply = new Metadata();
        const rate = admission.charge(caller, kind);
        for (const [name, value] of rateHeaders(rate)) reply.set(name, value);
        refuseTooMany(rate);
        if (call.request instanceof UnreadableRequest) throw call.request.fault;
        if (signal.aborted) throw callerIsGone();
        const context = { caller, requestId, origin, traceparent: formatTraceparent(span.context), reply, signal };
        const result = await work(context);
        span.end();
        return { reply, result };
      } catch (thrown) {
        const error = isAbort(thrown) ? callerIsGone(thrown) : thrown;
        span.end(error instanceof Fault ? error.code : 'Internal');
        if (error instanceof Fault) this.settings.observation.noteFault(error, { ...who, ...origin });
        throw error;
      }
    });
  }

  #startSpan(method: string, call: AnyCall, requestId: string): Span {
    const { tracer } = this.settings.observation;
    const parent = parseTraceparent(first(call.metadata, 'traceparent'));
    const attributes = { 'rpc.system': 'grpc', 'rpc.method': method, 'compute.request_id': requestId };
    return tracer.start(method, { kind: 'server', parent, attributes });
  }

  #addressOf(call: AnyCall): string {
    // `127.0.0.1:5000`, `[::1]:5000`
    const peer = call
      .getPeer()
      .replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '');
    return this.settings.addressOf(peer, first(call.metadata, 'x-forwarded-for'));
  }

  async #pump<Reply>(
    call: ServerWritableStream<unknown, Reply>,
    messages: AsyncIterable<Reply>,
    signal: AbortSignal,
    heartbeat: (last: Reply | undefined) => Reply,
  ): Promise<void> {
    let last: Reply | undefined;
    let isFull = false;
    const timer = setInterval(() => {
      if (!isFull) call.write(heartbeat(last));
    }, this.settings.heartbeatMs);
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        last = message;
        isFull = !call.write(message);
        if (isFull) await drained(call, signal, this.settings.heartbeatMs);
        isFull = false;
      }
    } finally {
      clearInterval(timer);
    }
  }

  #statusOf(error: unknown, requestId: string, root: string): StatusObject {
    if (error instanceof Unimplemented)
      return { code: status.UNIMPLEMENTED, details: error.message, metadata: new Metadata() };
    if (error instanceof Fault) return statusOfFault(error, { requestId, root });
    const fault = new Fault('Internal', 'An unforeseen error.', {}, error);
    this.settings.observation.noteFault(fault);
    return statusOfFault(fault, { requestId, root });
  }

  #measure(method: string, code: number, startedAt: number): void {
    this.settings.observation.answered({
      face: 'grpc',
      route: method,
      code: status[code] ?? String(code),
      isChange: !READING.test(method) && !STREAMING.test(method),
      isAccepted: code === status.OK,
      durationMs: performance.now() - startedAt,
    });
  }
}

function stopping(requestId: string): StatusObject {
  return statusOfFault(new Fault('Unavailable', 'The server is stopping. Connect again.'), { requestId });
}

/** What was under way hears of it by an abort, which is no failure of ours. */
const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const callerIsGone = (cause?: unknown): Fault =>
  new Fault('DeadlineExceeded', 'The caller is gone or its deadline has passed.', {}, cause);

function first(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
}

function requestIdOf(metadata: Metadata): string {
  const given = first(metadata, 'x-request-id');
  return given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
}
