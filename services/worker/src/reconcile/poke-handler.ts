/**
 * What a worker does with one poke: looks at the resource, measures it, and never throws.
 *
 * A look that fails for the worker's own reasons (database away, a bug) is put on the row's schedule. If even that fails,
 * the row's due time of before stands, and the sweep finds it, after a pause: a sweep repeats a row that is due at once.
 */

import { isFault } from '@compute/domain';
import type { Poke } from '@compute/queue';
import {
  type Logger,
  noTracer,
  parseTraceparent,
  type Span,
  type TraceContext,
  type Tracer,
  withLogContext,
} from '@compute/runtime';
import type { Store } from '@compute/store';
import type { WorkerMetrics } from '../metrics.ts';
import type { Outage } from './outage.ts';
import type { Outcome } from './reconcile.ts';
import type { Reconcilers } from './reconcilers.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

export interface PokeHandlerOptions {
  readonly reconcilers: Reconcilers;
  readonly store: Pick<Store, 'load' | 'lookLater'>;
  readonly retry: RetryPolicy;
  readonly outage: Outage;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** Absent: looks are not traced. */
  readonly tracer?: Tracer;
}

export function createPokeHandler(options: PokeHandlerOptions): (poke: Poke) => Promise<void> {
  return (poke) => {
    const parent = parseTraceparent(poke.traceparent);
    const context = { kind: poke.kind, uid: poke.uid, ...(parent === undefined ? {} : { traceId: parent.traceId }) };
    return withLogContext(context, () => traced(poke, parent, options));
  };
}

/** A look that no request asked for has no trace: there would be one for every sweep. */
function traced(poke: Poke, parent: TraceContext | undefined, options: PokeHandlerOptions): Promise<void> {
  const { tracer = noTracer } = options;
  if (parent === undefined || !tracer.isOn) return handle(poke, options);
  const attributes = { 'compute.kind': poke.kind, 'compute.uid': poke.uid };
  return tracer.within(`reconcile ${poke.kind}`, { kind: 'consumer', parent, attributes }, (span) =>
    handle(poke, options, span),
  );
}

async function handle(poke: Poke, options: PokeHandlerOptions, span?: Span): Promise<void> {
  const startedAt = performance.now();
  const { outcome, scheduled } = await look(poke, options);
  const durationMs = performance.now() - startedAt;
  options.metrics.reconciled(poke.kind, outcome, durationMs);
  span?.set({ 'compute.outcome': outcome });
  options.logger.event('look.done', { outcome, durationMs: Math.round(durationMs) });
  if (!scheduled) await options.outage.pause();
}

interface Looked {
  readonly outcome: Outcome | 'error';
  /** False if nothing but the due time of before says when the row is looked at again. */
  readonly scheduled: boolean;
}

async function look(poke: Poke, options: PokeHandlerOptions): Promise<Looked> {
  const { reconcilers, metrics, outage } = options;
  try {
    const outcome = await reconcilers[poke.kind](poke);
    outage.over();
    return { outcome, scheduled: true };
  } catch (error) {
    metrics.failed(poke.kind, isFault(error) ? error.code : 'Internal');
    report(options, error, 'look.failed');
    return { outcome: 'error', scheduled: await scheduleNext(poke.uid, options) };
  }
}

/** With how many lines of the same kind were left out: an outage fails every look, and would flood the log. */
function report(
  { outage, logger }: PokeHandlerOptions,
  err: unknown,
  event: 'look.failed' | 'look.not-scheduled',
): void {
  outage.report(event, err, (omitted) => logger.event(event, { err, ...(omitted === 0 ? {} : { omitted }) }));
}

/** Answers whether it could. */
async function scheduleNext(uid: string, options: PokeHandlerOptions): Promise<boolean> {
  const { store, retry } = options;
  try {
    const attempts = (await store.load(uid))?.attempts ?? 0;
    await store.lookLater(uid, retryDelayMs(attempts, retry), attempts + 1);
    return true;
  } catch (error) {
    report(options, error, 'look.not-scheduled');
    return false;
  }
}
