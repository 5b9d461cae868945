import { Fault } from '@compute/domain';
import { createLogger } from '@compute/runtime';
import type { LoadedResource } from '@compute/store';
import { expect, test } from 'vitest';
import { WorkerMetrics } from '../metrics.ts';
import { Outage, type OutageClock } from './outage.ts';
import { createPokeHandler } from './poke-handler.ts';
import type { Outcome } from './reconcile.ts';
import { DEFAULT_RETRY } from './retry-policy.ts';

const away = async () => Promise.reject(new Error('away'));

/** Time that passes when the test says so. */
class PlayedClock implements OutageClock {
  #nowMs = 0;
  readonly #begun: number[] = [];
  #onBegun: () => void = () => undefined;
  readonly #running: { readonly untilMs: number; readonly end: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    this.#begun.push(pauseMs);
    this.#onBegun();
    return new Promise((end) => {
      signal.addEventListener('abort', () => end());
      this.#running.push({ untilMs: this.#nowMs + pauseMs, end });
    });
  }

  /** How long the next pause is that begins, or has begun and was not asked for yet. */
  async nextPause(): Promise<number> {
    while (this.#begun.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onBegun = resolve;
      await promise;
    }
    return this.#begun.shift() ?? 0;
  }

  /** Lets the time pass to the end of the longest pause. */
  endPauses(): void {
    this.#nowMs = Math.max(this.#nowMs, ...this.#running.map(({ untilMs }) => untilMs));
    for (const { end } of this.#running.splice(0)) end();
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

function setUp(look: () => Promise<Outcome>, lookLater: (afterMs: number) => Promise<void>) {
  const metrics = new WorkerMetrics();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'test', level: 'error', destination });
  const clock = new PlayedClock();
  const outage = new Outage(DEFAULT_RETRY, clock);
  let attempts = 0;
  const store = {
    load: async () => ({ attempts }) as LoadedResource,
    lookLater: async (_uid: string, afterMs: number, failures: number) => {
      attempts = failures;
      await lookLater(afterMs);
    },
  };
  const reconcilers = { VMDisk: look, VMInstance: look };
  const handler = createPokeHandler({ reconcilers, store, retry: DEFAULT_RETRY, outage, metrics, logger });
  const text = () =>
    metrics.renderWith({
      queue: { depth: async () => ({ waiting: 7, active: 1, oldestAgeMs: 1_500 }) },
      cluster: { health: () => ({ synced: true, waitingFor: [] }) },
      store: { backlog: async () => ({ outboxDepth: 3, outboxOldestMs: 2_500, usageOldestMs: 0 }) },
    });
  return { handler, text, lines, clock, outage };
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

test('a look that cannot even be scheduled does not throw, and holds its place for a pause', async () => {
  const { handler, clock } = setUp(away, away);
  let isHeld = true;
  const held = handler({ kind: 'VMDisk', uid: 'a' }).then(() => {
    isHeld = false;
  });
  expect(await clock.nextPause()).toBeLessThanOrEqual(1_000);
  await new Promise(setImmediate);
  expect(isHeld).toBe(true);
  clock.endPauses();
  await held;
});

test('while nothing can be loaded the pauses of a worker grow, stay bounded, and are short again after a success', async () => {
  let isAway = true;
  const { handler, clock } = setUp(async () => (isAway ? away() : 'done'), away);
  const pauses: number[] = [];
  const failOnce = async () => {
    const held = handler({ kind: 'VMDisk', uid: 'a' });
    pauses.push(await clock.nextPause());
    clock.endPauses();
    await held;
  };
  for (let round = 0; round < 8; round += 1) await failOnce();
  expect(pauses.every((pauseMs) => pauseMs >= 500 && pauseMs <= 5_000)).toBe(true);
  expect(pauses[7]).toBeGreaterThanOrEqual(2_500);
  isAway = false;
  await handler({ kind: 'VMDisk', uid: 'a' });
  isAway = true;
  await failOnce();
  expect(pauses[8]).toBeLessThanOrEqual(1_000);
});

test('looks that fail together share one pause and one line of each kind', async () => {
  const { handler, clock, lines } = setUp(away, away);
  const failTogether = async () => {
    const held = Array.from({ length: 50 }, (_, index) => handler({ kind: 'VMDisk', uid: `uid-${index}` }));
    const pauses: number[] = [];
    while (pauses.length < held.length) pauses.push(await clock.nextPause());
    clock.endPauses();
    await Promise.all(held);
    return new Set(pauses).size;
  };
  expect(await failTogether()).toBe(1);
  expect(lines).toHaveLength(2);
  clock.advance(5_000);
  await failTogether();
  expect(lines).toHaveLength(4);
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ event: 'look.failed', omitted: 49 });
});

test('a failure of another kind is told at once', async () => {
  let failure: Error = new Fault('Unavailable', 'The database cannot be reached.');
  const { handler, lines } = setUp(
    async () => Promise.reject(failure),
    async () => undefined,
  );
  await handler({ kind: 'VMDisk', uid: 'a' });
  failure = Object.assign(new Error('column does not exist'), { code: '42703' });
  await handler({ kind: 'VMDisk', uid: 'a' });
  expect(lines).toHaveLength(2);
});

test('the stop of a worker ends its pause, and none begins any more', async () => {
  const { handler, clock, outage } = setUp(away, away);
  const held = handler({ kind: 'VMDisk', uid: 'a' });
  await clock.nextPause();
  outage.end();
  await held;
  await handler({ kind: 'VMDisk', uid: 'b' });
});
