import { expect, test } from 'vitest';
import { ClusterPace, type PaceClock } from './cluster-pace.ts';

class HandClock implements PaceClock {
  #nowMs = 0;
  readonly #calls: { atMs: number; call: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): void {
    this.#calls.push({ atMs: this.#nowMs + ms, call });
  }

  /** Lets the time pass in steps of a millisecond, and promises be heard. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs) {
      this.#nowMs += 1;
      const due = this.#calls.filter(({ atMs }) => atMs <= this.#nowMs);
      for (const one of due) this.#calls.splice(this.#calls.indexOf(one), 1);
      for (const { call } of due) call();
      await Promise.resolve();
    }
  }
}

function setUp(perSecond: number) {
  const clock = new HandClock();
  const pace = new ClusterPace(perSecond, clock);
  const served: string[] = [];
  const ask = (project: string) => void pace.turn(project).then(() => served.push(project));
  return { clock, pace, served, ask };
}

test('no more changes are made in a second than the cluster shall take, after what may come at once', async () => {
  const { clock, served, ask } = setUp(10);
  for (let index = 0; index < 40; index += 1) ask('flood');
  await clock.pass(5);
  expect(served).toHaveLength(10);
  await clock.pass(1_000);
  expect(served.length).toBeGreaterThanOrEqual(19);
  expect(served.length).toBeLessThanOrEqual(21);
});

test('projects take turns: one change of another is next, however many wait', async () => {
  const { clock, served, ask } = setUp(10);
  for (let index = 0; index < 30; index += 1) ask('flood');
  await clock.pass(5);
  ask('small');
  await clock.pass(220);
  expect(served.slice(10)).toContain('small');
});

test('a project that has enough waiting is sent away, longer the more were; another is not', async () => {
  const { clock, pace, ask } = setUp(10);
  for (let index = 0; index < 14; index += 1) ask('flood');
  await clock.pass(1);
  const first = pace.absenceOf('flood') ?? 0;
  expect(first).toBeGreaterThanOrEqual(1_000);
  for (let index = 0; index < 100; index += 1) pace.absenceOf('flood');
  expect(pace.absenceOf('flood')).toBeGreaterThan(5_000);
  expect(pace.absenceOf('small')).toBeUndefined();
});

test('while the cluster wants to be left alone nobody has a turn', async () => {
  const { clock, pace, served, ask } = setUp(10);
  pace.hold(500);
  ask('demo');
  expect(pace.absenceOf('demo')).toBeGreaterThanOrEqual(500);
  await clock.pass(490);
  expect(served).toEqual([]);
  await clock.pass(20);
  expect(served).toEqual(['demo']);
});
