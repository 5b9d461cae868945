import { afterEach, expect, test, vi } from 'vitest';
import { type LeadershipPort, LeaderTask } from './leader-task.ts';

const tasks: LeaderTask[] = [];
afterEach(async () => {
  await Promise.all(tasks.splice(0).map((task) => task.stop()));
});

/** One leadership that candidates wait for, as the database's advisory lock is. */
class OneLeadership implements LeadershipPort {
  #held: Promise<void> = Promise.resolve();
  #lose = new AbortController();

  async withLeadership(_name: string, lead: (lost: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const before = this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    await before;
    this.#lose = new AbortController();
    if (!signal.aborted) await lead(this.#lose.signal);
    resolve();
  }

  lose(): void {
    this.#lose.abort();
  }
}

function startTask(store: LeadershipPort, run: () => unknown): LeaderTask {
  const step = async (): Promise<'done'> => {
    run();
    return 'done';
  };
  const task = new LeaderTask(store, { name: 'clock', everyMs: 5, step, onError: () => undefined }).start();
  tasks.push(task);
  return task;
}

test('of two workers one runs the step, and the other takes over when it stops', async () => {
  const store = new OneLeadership();
  const runs = { first: [] as true[], second: [] as true[] };
  const first = startTask(store, () => runs.first.push(true));
  await vi.waitFor(() => expect(runs.first.length).toBeGreaterThan(2));
  startTask(store, () => runs.second.push(true));
  await vi.waitFor(() => expect(runs.first.length).toBeGreaterThan(5));
  expect(runs.second).toHaveLength(0);
  await first.stop();
  const ended = runs.first.length;
  await vi.waitFor(() => expect(runs.second.length).toBeGreaterThan(2));
  expect(runs.first).toHaveLength(ended);
});

test('a leader that loses its leadership stops the step and stands again', async () => {
  const store = new OneLeadership();
  const runs: true[] = [];
  startTask(store, () => runs.push(true));
  await vi.waitFor(() => expect(runs.length).toBeGreaterThan(2));
  store.lose();
  const before = runs.length;
  await vi.waitFor(() => expect(runs.length).toBeGreaterThan(before + 2), { timeout: 5_000 });
});
