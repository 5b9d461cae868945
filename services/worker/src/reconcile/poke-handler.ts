/**
 * What a worker does with one poke: looks at the resource, measures it, and never throws.
 *
 * A look that fails for the worker's own reasons (database away, a bug) is put on the row's schedule. If even that fails,
 * the row's due time of before stands, and the sweep finds it.
 */

import { isFault } from '@compute/domain';
import type { Poke } from '@compute/queue';
import { type Logger, parseTraceparent, withLogContext } from '@compute/runtime';
import type { WorkerMetrics } from '../metrics.ts';
import { type LoopPorts, type Outcome, retryLater } from './reconcile.ts';
import type { Reconcilers } from './reconcilers.ts';

export interface PokeHandlerOptions {
  readonly reconcilers: Reconcilers;
  readonly ports: Pick<LoopPorts, 'rows' | 'memory'>;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

export function createPokeHandler(options: PokeHandlerOptions): (poke: Poke) => Promise<void> {
  return (poke) => {
    const traceId = parseTraceparent(poke.traceparent)?.traceId;
    const context = { kind: poke.kind, uid: poke.uid, ...(traceId === undefined ? {} : { traceId }) };
    return withLogContext(context, () => handle(poke, options));
  };
}

async function handle(poke: Poke, options: PokeHandlerOptions): Promise<void> {
  const startedAt = performance.now();
  const outcome = await look(poke, options);
  const durationMs = performance.now() - startedAt;
  options.metrics.reconciled(poke.kind, outcome, durationMs);
  options.logger.debug({ outcome, durationMs: Math.round(durationMs) }, 'looked');
}

async function look(
  poke: Poke,
  { reconcilers, ports, metrics, logger }: PokeHandlerOptions,
): Promise<Outcome | 'error'> {
  try {
    return await reconcilers[poke.kind](poke);
  } catch (err) {
    metrics.failed(poke.kind, isFault(err) ? err.code : 'Internal');
    logger.error({ err }, 'a look failed and will be repeated');
    await retryLater(poke.uid, undefined, ports).catch((later: unknown) =>
      logger.error({ err: later }, 'the next look could not be scheduled; the sweep will find it'),
    );
    return 'error';
  }
}
