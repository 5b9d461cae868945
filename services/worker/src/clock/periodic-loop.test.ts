import { afterEach, expect, test, vi } from 'vitest';
import { PeriodicLoop } from './periodic-loop.ts';

const loops: PeriodicLoop[] = [];
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
});

const LONG_MS = 60_000;

function startLoop(step: () => Promise<'more' | 'done'>, errors: unknown[] = [], everyMs = LONG_MS): PeriodicLoop {
  const onError = (_name: string, error: unknown) => void errors.push(error);
  const loop = new PeriodicLoop({ name: 'test', everyMs, step, onError }).start();
  loops.push(loop);
  return loop;
}

test('a step that found more runs again without a pause', async () => {
  const finished = Promise.withResolvers<void>();
  let runs = 0;
  startLoop(async () => {
    runs += 1;
    if (runs < 3) return 'more';
    finished.resolve();
    return 'done';
  });
  await finished.promise;
  expect(runs).toBe(3);
});

test('a wake-up during a run causes one more run, however many there were', async () => {
  const gate = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let runs = 0;
  const loop = startLoop(async () => {
    runs += 1;
    if (runs === 1) await gate.promise;
    else second.resolve();
    return 'done';
  });
  loop.wake();
  loop.wake();
  gate.resolve();
  await second.promise;
  await loop.stop();
  expect(runs).toBe(2);
});

test('a wake-up ends the pause', async () => {
  const second = Promise.withResolvers<void>();
  let runs = 0;
  const loop = startLoop(async () => {
    runs += 1;
    if (runs === 2) second.resolve();
    return 'done';
  });
  await vi.waitFor(() => expect(runs).toBe(1));
  loop.wake();
  await second.promise;
});

test('a failing step is told, tried again, and never runs hot however often it is woken', async () => {
  const errors: unknown[] = [];
  const recovered = Promise.withResolvers<void>();
  let runs = 0;
  const loop = startLoop(
    async () => {
      await Promise.resolve();
      runs += 1;
      loop.wake();
      if (runs < 3) throw new Error(`run ${runs}`);
      recovered.resolve();
      return 'done';
    },
    errors,
    10,
  );
  const startedAt = performance.now();
  await recovered.promise;
  expect(performance.now() - startedAt).toBeGreaterThan(80);
  expect(errors.map(String)).toEqual(['Error: run 1', 'Error: run 2']);
});

test('stop waits for the step that runs and starts no other', async () => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const loop = startLoop(async () => {
    runs += 1;
    await gate.promise;
    return 'more';
  });
  const stopped = loop.stop();
  gate.resolve();
  await stopped;
  expect(runs).toBe(1);
});
