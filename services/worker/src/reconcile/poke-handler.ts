/**
 * What a worker does with one poke: looks at the resource, measures it, and never throws.
 *
 * A look that fails for the worker's own reasons (database away, a bug) is put on the row's schedule. If even that fails,
 * the row's due time of before stands, and the sweep finds it.
 */

import { isFault } from '@compute/domain';
import type { Poke } from '@compute/queue';
import { type Logger, parseTraceparent, withLogContext } from '@compute/runtime';
import type { Store } from '@compute/store';
import type { WorkerMetrics } from '../metrics.ts';
import type { Outcome } from './reconcile.ts';
import type { Reconcilers } from './reconcilers.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

export interface PokeHandlerOptions {
  readonly reconcilers: Reconcilers;
  readonly store: Pick<Store, 'load' | 'lookLater'>;
  readonly retry: RetryPolicy;
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

async function look(poke: Poke, options: PokeHandlerOptions): Promise<Outcome | 'error'> {
  const { reconcilers, metrics, logger } = options;
  try {
    return await reconcilers[poke.kind](poke);
  } catch (err) {
    metrics.failed(poke.kind, isFault(err) ? err.code : 'Internal');
    logger.error({ err }, 'a look failed and will be repeated');
    await scheduleNext(poke.uid, options).catch((later: unknown) =>
      logger.error({ err: later }, 'the next look could not be scheduled; the sweep will find it'),
    );
    return 'error';
  }
}

async function scheduleNext(uid: string, { store, retry }: PokeHandlerOptions): Promise<void> {
  const attempts = (await store.load(uid))?.attempts ?? 0;
  await store.lookLater(uid, retryDelayMs(attempts, retry), attempts + 1);
}
