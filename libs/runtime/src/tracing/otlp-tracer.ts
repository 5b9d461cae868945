/** Exports spans by OTLP over HTTP: the only file that knows OpenTelemetry, and loaded only where an endpoint is given. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, SpanKind as Kinds, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TraceContext } from '../traceparent.ts';
import { noTracer, type Span, type SpanKind, type SpanOptions, type Tracer } from './tracer.ts';

const KINDS: Readonly<Record<SpanKind, Kinds>> = {
  server: Kinds.SERVER,
  internal: Kinds.INTERNAL,
  consumer: Kinds.CONSUMER,
  client: Kinds.CLIENT,
};
const LIMITS = { attributeCountLimit: 32, attributeValueLengthLimit: 256 };

export interface OtlpSettings {
  readonly service: string;
  /** Without `/v1/traces`. */
  readonly endpoint: string;
  /** Of the traces that begin here; one that a caller began is kept or left as the caller says. */
  readonly ratio: number;
}

export function otlpTracer({ service, endpoint, ratio }: OtlpSettings): Tracer {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `compute-${service}` }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
    spanLimits: LIMITS,
  });
  const tracer = provider.getTracer('compute');
  const inHand = new AsyncLocalStorage<TraceContext>();
  const begin = (name: string, { kind, parent, attributes = {} }: SpanOptions, startTime = Date.now()) => {
    const above = contextOf(parent ?? inHand.getStore());
    return tracer.startSpan(name, { kind: KINDS[kind], attributes, startTime }, above);
  };
  const start: Tracer['start'] = (name, options) => spanOf(begin(name, options));
  return {
    isOn: true,
    start,
    within: async (name, options, work) => {
      // A step of something that is not traced would be a trace of its own.
      const isLoose = options.kind === 'internal' && (options.parent ?? inHand.getStore()) === undefined;
      if (isLoose) return noTracer.within(name, options, work);
      const span = start(name, options);
      try {
        const result = await inHand.run(span.context, () => work(span));
        span.end();
        return result;
      } catch (error) {
        span.end(codeOf(error));
        throw error;
      }
    },
    record: (name, { durationMs, failure, ...options }) => {
      if (inHand.getStore() === undefined) return;
      spanOf(begin(name, options, Date.now() - durationMs)).end(failure);
    },
    close: () => provider.shutdown(),
  };
}

function contextOf(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function spanOf(span: ReturnType<ReturnType<TracerProvider['getTracer']>['startSpan']>): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    context: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
    set: (attributes) => void span.setAttributes(attributes),
    end: (failure) => {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}

/** A word for an error that is safe to export: its code or class, never its text. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
