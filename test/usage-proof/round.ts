/**
 * Many lives at once in a project of their own, under a clock that chance moves: mostly forwards, by a second or by hours,
 * sometimes back. Periods are closed by two processes at the same time, and connections break in the middle of writes.
 */
import type { Store } from '@compute/store';
import { Random } from '../survival/seeds/random.ts';
import type { FrozenClock } from './frozen-clock.ts';
import { Life } from './life.ts';
import { judgeLedger, type Verdict } from './verdict.ts';

const TICKS = 36;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MOST_TRIES = 60;

export interface World {
  readonly stores: readonly [Store, Store];
  readonly clock: FrozenClock;
  /** Names of the programs whose connections may break. */
  readonly programs: readonly string[];
}

export interface RoundResult extends Verdict {
  readonly seed: number;
  /** Connections that were broken. */
  readonly broken: number;
}

/** Never rejects: what goes wrong is among the problems. */
export async function playRound(world: World, seed: number, lives: number): Promise<RoundResult> {
  const round = new Round(world, seed, lives);
  try {
    return { ...(await round.play()), seed, broken: round.broken };
  } catch (error) {
    return {
      seed,
      broken: round.broken,
      events: 0,
      problems: [`seed ${seed}: ${error instanceof Error ? error.stack : error}`],
    };
  }
}

class Round {
  readonly #world: World;
  readonly #random: Random;
  readonly #project: string;
  readonly #lives: readonly Life[];
  broken = 0;

  constructor(world: World, seed: number, count: number) {
    const { stores } = world;
    this.#world = world;
    this.#random = new Random(seed);
    this.#project = `proof-${seed}-${world.clock.now}`;
    this.#lives = Array.from({ length: count }, (_, index) => {
      const kind = index % 3 === 2 ? 'VMDisk' : 'VMInstance';
      const random = new Random(seed * 1_000 + index);
      return new Life({ stores, random, project: this.#project, name: `life-${index}`, kind });
    });
  }

  async play(): Promise<Verdict> {
    const { stores, clock } = this.#world;
    await stores[0].createProject(this.#project);
    // At a full hour, so that a seed means the same whatever was played before it.
    await clock.set(Math.ceil((clock.now + HOUR_MS) / HOUR_MS) * HOUR_MS);
    for (let tick = 0; tick < TICKS; tick += 1) await this.#tick();
    await Promise.all(this.#lives.map((life) => life.end({ now: clock.now, mayBeOld: false })));
    await clock.set(clock.now + 2 * HOUR_MS);
    await this.#close();
    const lived = this.#lives.map(({ uid, truth }) => ({ uid, spans: truth?.spans() ?? [] }));
    return judgeLedger(stores[1], this.#project, lived);
  }

  async #tick(): Promise<void> {
    const { clock } = this.#world;
    await clock.set(clock.now + this.#stride());
    const now = clock.now;
    const closes = this.#random.chance(0.35);
    const isBreaking = this.#random.chance(0.15);
    const acts = this.#random.chance(0.9);
    const lives = acts ? this.#lives.map((life) => life.step({ now, mayBeOld: !closes })) : [];
    const breaking = isBreaking ? [this.#break()] : [];
    const closing = closes ? [this.#close()] : [];
    await settled([...lives, ...closing, ...breaking]);
  }

  async #break(): Promise<void> {
    const { clock, programs } = this.#world;
    this.broken += await clock.killConnections(programs);
  }

  #stride(): number {
    const random = this.#random;
    const kind = random.below(10);
    if (kind === 0) return -random.below(10 * MINUTE_MS);
    if (kind === 1) return random.below(5 * HOUR_MS);
    return kind < 4 ? random.below(2_000) : random.below(25 * MINUTE_MS);
  }

  /** Two processes close periods at once, until both have done it. */
  async #close(): Promise<void> {
    const { stores, clock } = this.#world;
    await Promise.all(stores.map((store) => closeFor(store)));
    const boundary = Math.floor(clock.now / HOUR_MS) * HOUR_MS;
    for (const life of this.#lives) life.cut(boundary);
  }
}

async function closeFor(store: Store): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const closed = await store.usage.closePeriods().catch(() => undefined);
    if (closed !== undefined) return;
  }
  throw new Error('The periods were not closed.');
}

/** Waits for all of them, then rejects with the first that did. */
async function settled(all: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(all);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
