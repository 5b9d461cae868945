import { describe, expect, it } from 'vitest';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** Timers that the test fires by hand. */
class ManualTimers {
  readonly pending: { delayMs: number; run: () => void }[] = [];

  readonly schedule = (delayMs: number, run: () => void): (() => void) => {
    const timer = { delayMs, run };
    this.pending.push(timer);
    return () => {
      const index = this.pending.indexOf(timer);
      if (index !== -1) this.pending.splice(index, 1);
    };
  };

  fire(): void {
    for (const timer of this.pending.splice(0)) timer.run();
  }
}

function queueOf(options: Partial<WorkQueueOptions> & Pick<WorkQueueOptions, 'process'>) {
  const timers = new ManualTimers();
  const errors: unknown[] = [];
  const onError = (_key: string, error: unknown) => errors.push(error);
  return { timers, errors, queue: new WorkQueue({ schedule: timers.schedule, onError, ...options }) };
}

describe('a work queue', () => {
  it('processes a key once however often it was added before its turn', async () => {
    const seen: string[] = [];
    const { queue } = queueOf({ process: async (key) => void seen.push(key) });
    queue.add('first');
    queue.add('a');
    queue.add('a');
    await queue.idle();
    expect(seen).toEqual(['first', 'a']);
  });

  it('runs a key again that was added while it was in work, and never twice at once', async () => {
    const gate = Promise.withResolvers<void>();
    let active = 0;
    let runs = 0;
    const { queue } = queueOf({
      concurrency: 4,
      process: async () => {
        active += 1;
        expect(active).toBe(1);
        runs += 1;
        await gate.promise;
        active -= 1;
      },
    });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    gate.resolve();
    await queue.idle();
    expect(runs).toBe(2);
  });

  it('works on as many keys at once as it may', async () => {
    const gate = Promise.withResolvers<void>();
    let active = 0;
    let most = 0;
    const { queue } = queueOf({
      concurrency: 3,
      process: async () => {
        active += 1;
        most = Math.max(most, active);
        await gate.promise;
        active -= 1;
      },
    });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    gate.resolve();
    await queue.idle();
    expect(most).toBe(3);
  });

  it('waits twice as long after each failure of a key and starts anew after a success', async () => {
    let broken = true;
    const { queue, timers, errors } = queueOf({
      minBackoffMs: 10,
      maxBackoffMs: 25,
      process: async () => {
        if (broken) throw new Error('no');
      },
    });
    const delays: number[] = [];
    queue.add('a');
    for (let i = 0; i < 3; i += 1) {
      await queue.idle();
      delays.push(timers.pending[0]?.delayMs ?? -1);
      timers.fire();
    }
    await queue.idle();
    expect(delays).toEqual([10, 20, 25]);
    expect(errors).toHaveLength(4);
    expect(queue.failures('a')).toBe(4);
    broken = false;
    timers.fire();
    await queue.idle();
    expect(queue.failures('a')).toBe(0);
  });

  it('keeps the earlier of two delayed runs', async () => {
    const { queue, timers } = queueOf({ process: async () => undefined });
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    expect(timers.pending.map((timer) => timer.delayMs)).toEqual([100]);
    expect(queue.size).toBe(1);
    queue.forget('a');
    expect(queue.size).toBe(0);
  });

  it('takes nothing more when it stops, tells the work in hand, and waits for it', async () => {
    const started = Promise.withResolvers<void>();
    let finished = false;
    const { queue } = queueOf({
      process: (_key, signal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            finished = true;
            resolve();
          });
          started.resolve();
        }),
    });
    queue.add('a');
    queue.add('b');
    await started.promise;
    await queue.stop();
    expect(finished).toBe(true);
    queue.add('c');
    expect(queue.size).toBe(0);
  });
});
