/**
 * Spans as the services make them, and the tracer of a process that exports none.
 *
 * A reader could break: an attribute is a word of ours, an id or a number, never what a caller sent, since spans leave the
 * installation. A failure is told by its code; the text of an error stays in the log.
 */
import { startSpan, type TraceContext } from '../traceparent.ts';

export type SpanKind = 'server' | 'internal' | 'consumer' | 'client';
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly kind: SpanKind;
  /** Absent: the span in hand; a new trace when there is none. */
  readonly parent?: TraceContext | undefined;
  readonly attributes?: SpanAttributes;
}

export interface Span {
  /** What is passed on to whoever continues this work. */
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Once. `failure` is a code: of a fault, of a status. */
  end(failure?: string): void;
}

export interface Tracer {
  /** Whether spans leave the process; without, callers spare themselves what only spans need. */
  readonly isOn: boolean;
  start(name: string, options: SpanOptions): Span;
  /**
   * Runs `work` as a span that the spans started within are children of. Its failure is the span's. An `internal` one
   * without a parent is no span.
   */
  within<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** A span that ends now and took `durationMs`; only below a span in hand. */
  record(name: string, options: SpanOptions & { readonly durationMs: number; readonly failure?: string }): void;
  /** Exports what is left. */
  close(): Promise<void>;
}

const nothing = (): void => undefined;
const spanWithout = (parent: TraceContext | undefined): Span => ({
  context: startSpan(parent),
  set: nothing,
  end: nothing,
});

/** Gives out ids, which logs and history have anyway, and exports nothing. */
export const noTracer: Tracer = {
  isOn: false,
  start: (_name, { parent }) => spanWithout(parent),
  within: (_name, { parent }, work) => work(spanWithout(parent)),
  record: nothing,
  close: async () => undefined,
};
