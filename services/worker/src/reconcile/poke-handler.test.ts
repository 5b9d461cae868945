import { Fault } from '@compute/domain';
import { createLogger } from '@compute/runtime';
import type { LoadedResource } from '@compute/store';
import { expect, test } from 'vitest';
import { WorkerMetrics } from '../metrics.ts';
import { createPokeHandler } from './poke-handler.ts';
import type { Outcome } from './reconcile.ts';
import { DEFAULT_RETRY } from './retry-policy.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

function setUp(look: () => Promise<Outcome>, lookLater: (afterMs: number) => Promise<void>) {
  const metrics = new WorkerMetrics();
  let attempts = 0;
  const store = {
    load: async () => ({ attempts }) as LoadedResource,
    lookLater: async (_uid: string, afterMs: number, failures: number) => {
      attempts = failures;
      await lookLater(afterMs);
    },
  };
  const reconcilers = { VMDisk: look, VMInstance: look };
  const handler = createPokeHandler({ reconcilers, store, retry: DEFAULT_RETRY, metrics, logger });
  const text = () =>
    metrics.renderWith({
      queue: { depth: async () => ({ waiting: 7, active: 1, oldestAgeMs: 1_500 }) },
      cluster: { health: () => ({ synced: true, waitingFor: [] }) },
    });
  return { handler, text };
}

test('each look is measured by kind and outcome', async () => {
  const { handler, text } = setUp(
    async () => 'done',
    async () => undefined,
  );
  await handler({ kind: 'VMDisk', uid: 'a' });
  const page = await text();
  expect(page).toMatch(/compute_reconcile_duration_seconds_count\{.*kind="VMDisk",outcome="done".*\} 1/);
  expect(page).toMatch(/compute_queue_depth\{.*state="waiting".*\} 7/);
  expect(page).toMatch(/compute_queue_oldest_age_seconds\{.*\} 1.5/);
});

test('a look that fails for the worker’s own reasons is scheduled with growing pauses', async () => {
  const pauses: number[] = [];
  const failing = async () => Promise.reject(new Fault('Unavailable', 'database away'));
  const { handler, text } = setUp(failing, async (afterMs) => void pauses.push(afterMs));
  for (let run = 0; run < 6; run += 1) await handler({ kind: 'VMInstance', uid: 'a' });
  expect(pauses[0]).toBeLessThanOrEqual(1_000);
  expect(pauses[5]).toBeGreaterThanOrEqual(16_000);
  expect(await text()).toMatch(/compute_reconcile_errors_total\{.*code="Unavailable".*\} 6/);
});

test('the handler does not throw when not even the schedule can be written', async () => {
  const away = async () => Promise.reject(new Error('away'));
  const { handler } = setUp(away, away);
  await handler({ kind: 'VMDisk', uid: 'a' });
});
